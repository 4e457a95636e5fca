// Text that programs send. It is shown as text; only what the app itself turns into
// links, <a href="…"> and plain addresses, becomes a link, with its target beside it.

import { h, safeURL } from "./dom.js";

const anchor = /<a\s[^>]*?href=(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a>/gi;
const address = /https?:\/\/[^\s<>"'，。；：！？（）【】]+/g;
const answerScheme = "weixin://bizmsgmenu?";

/**
 * Returns the nodes of a text.
 *
 * @param {string} text
 * @param {(id: string, content: string) => void} answer taps the answer of a menu
 * @param {(url: string) => Node} link
 */
export function richText(text, answer, link = linkTo) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(anchor)) {
    nodes.push(...withAddresses(text.slice(end, match.index), link));
    nodes.push(anchored(match[1] ?? match[2], match[3], answer, link) ?? match[0]);
    end = match.index + match[0].length;
  }
  nodes.push(...withAddresses(text.slice(end), link));
  return nodes;
}

function anchored(target, label, answer, link) {
  const href = target.replaceAll("&amp;", "&");
  if (href.startsWith(answerScheme)) {
    const parameters = new URLSearchParams(href.slice(answerScheme.length));
    const content = parameters.get("msgmenucontent") ?? label;
    return h("button.answer", { onclick: () => answer(parameters.get("msgmenuid") ?? "", content) }, label);
  }
  return safeURL(href) && link(href, label);
}

function* withAddresses(text, link) {
  let end = 0;
  for (const match of text.matchAll(address)) {
    if (match.index > end) yield text.slice(end, match.index);
    yield link(match[0], match[0]);
    end = match.index + match[0].length;
  }
  if (end < text.length) yield text.slice(end);
}

/** Returns a link that names its target, or the text alone if it is not safe to open. */
export function linkTo(href, label = href) {
  const url = safeURL(href);
  if (!url) return h("span.no-link", {}, label, href !== label && h("span.target", {}, ` (${href})`));
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href },
    label, label !== href && h("span.target", {}, ` ${url.host}`));
}

/** Returns the paragraphs of an HTML document as text. Nothing of it is loaded or run. */
export function paragraphsOf(html) {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const hidden of body.querySelectorAll("script, style, template, noscript")) hidden.remove();
  for (const image of body.querySelectorAll("img")) image.replaceWith(`[${image.getAttribute("alt") || "image"}]`);
  for (const block of body.querySelectorAll("p, div, section, li, br, h1, h2, h3, h4, blockquote")) block.append("\n");
  return body.textContent.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
