// The items of a conversation, as the follower's app shows them.

import { api } from "./api.js";
import { append, h, icon, safeURL } from "./dom.js";
import { openArticle } from "./articles.js";
import { errorLine, noteElement } from "./notes.js";
import { isConsentPage, openConsent } from "./oauth.js";
import { linkTo, richText } from "./richtext.js";
import { state } from "./store.js";
import { t } from "./strings.js";

/**
 * @typedef {object} Context of a conversation
 * @property {string} openid
 * @property {(id: string, content: string) => void} answer taps the answer of a menu
 * @property {(id: string) => void} showPush shows a push in the log
 * @property {() => void} resized is called when an item has grown
 */

/**
 * Returns the element of an item.
 *
 * @param {any} item
 * @param {Context} context
 */
export function itemElement(item, context) {
  const classes = isLine(item) ? "line" : `${item.from === "follower" ? "mine" : "theirs"}`;
  const element = h(`article.item.item-${classes}`, { "data-id": item.id });
  if (isLine(item)) append(element, h("p.event-line", {}, lineOf(item)));
  else append(element, h("div.bubble-row", {}, bubbleOf(item, context), stateOf(item)), item.via && viaLabel(item));
  if (item.note && !saidElsewhere(item)) append(element, noteOf(item, context));
  return element;
}

/** Reports whether the platform's notice has the reason too, or whether there is nothing to explain. */
function saidElsewhere({ note, seen, type }) {
  return seen === "unavailable" || (note.code === "empty" && type === "event");
}

function isLine(item) {
  return item.type === "event" || item.via === "notice" || item.from === "platform";
}

function lineOf(item) {
  if (item.type !== "event") return item.message?.content ?? "";
  const detail = item.message?.key || item.message?.url || item.message?.content || "";
  return detail === "" ? t(`event.${item.event}`) : `${t(`event.${item.event}`)} · ${detail}`;
}

function stateOf(item) {
  if (item.state === "sending") return h("span.sending", { role: "img", "aria-label": t("waiting"), title: t("waiting") });
  return null;
}

function viaLabel(item) {
  const agent = item.message?.kf_account;
  return h("p.via", {}, agent ? `${t(`via.${item.via}`)} · ${agent}` : t(`via.${item.via}`));
}

// Reasons why a follower saw nothing though the program did nothing wrong.
const harmless = new Set(["empty", "transferred"]);

// Reasons that do not come from a delivery, which therefore has no more to say.
const plain = new Set([...harmless, "not_shown", "no_callback", "not_following", "blacklisted", "qrcode_expired", "pushes_paused"]);

/** Returns the note that says why the follower saw what they saw. */
function noteOf(item, { showPush, resized }) {
  const { note, push_id: id } = item;
  const element = noteElement(harmless.has(note.code) ? "aside.note.note-quiet" : "aside.note", note,
    id && h("button.link", { onclick: () => showPush(id) }, t("showInLog")));
  if (id && !plain.has(note.code)) {
    api.push(id).then((push) => {
      append(element.querySelector("p"), errorLine(push));
      resized();
    }, () => {}); // the log may have forgotten it
  }
  return element;
}

function bubbleOf(item, context) {
  const message = item.message ?? {};
  const draw = drawings[item.type] ?? drawUnknown;
  return draw(message, context, item);
}

const bubble = (...content) => h("div.bubble", {}, ...content);
const card = (kind, ...content) => h(`div.card.card-${kind}`, {}, ...content);

/** Returns a link that opens as the app would: an authorization page asks first. */
function appLink({ openid }) {
  return (href, label = href) => {
    if (!isConsentPage(href)) return linkTo(href, label);
    return h("button.link", { onclick: () => openConsent(openid, href), title: href }, label, h("span.target", {}, ` ${t("consentPage")}`));
  };
}

const drawings = {
  text: (m, context) => bubble(richText(m.content ?? "", context.answer, appLink(context))),
  image: (m) => (m.media_id || m.picture_url ? picture(m) : bubble(t("type.image"))),
  voice: (m) => bubble(h("span.voice", {}, icon("voice"), t("type.voice")), m.recognition && h("p", {}, m.recognition), mediaLink(m)),
  video: (m) => video(m),
  shortvideo: (m) => video(m),
  mpvideo: (m) => video(m),
  location: (m) => card("location", h("strong", {}, m.label || t("type.location")), h("div.map", {}, icon("place")), h("small", {}, `${m.latitude}, ${m.longitude}`)),
  link: (m, context) => card("link", h("strong", {}, m.title), h("p", {}, m.description), openLine(m.url, context)),
  news: news,
  mpnews: news,
  mpnewsarticle: news,
  music: (m) => card("music", h("div.card-side", {}, h("strong", {}, m.title || t("type.music")), h("p", {}, m.description)), h("span.disc", {}, icon("music")),
    safeURL(m.hq_music_url || m.url) && h("footer", {}, linkTo(m.hq_music_url || m.url))),
  msgmenu: (m, context) => bubble(...menuMessage(m, context)),
  miniprogrampage: (m) => card("app", h("small", {}, icon("app"), t("type.miniprogrampage")), h("strong", {}, m.title), h("div.cover", {}, icon("app")),
    h("footer", {}, `${m.appid ?? ""} ${m.page_path ?? ""}`)),
  wxcard: (m) => card("coupon", icon("card"), h("strong", {}, t("type.wxcard")), h("small", {}, m.card_id)),
  template: templateCard,
  subscription: templateCard,
  transfer_customer_service: (m) => bubble(t("type.transfer_customer_service"), m.kf_account && ` · ${m.kf_account}`),
};

function drawUnknown(m, _, item) {
  return bubble(h("strong", {}, item.type), m.raw && h("pre", {}, m.raw));
}

function picture(m) {
  const source = m.media_id ? api.mediaURL(m.media_id) : m.picture_url;
  const image = h("img.picture", { src: source, alt: m.title || t("type.image"), loading: "lazy" });
  image.addEventListener("error", () => image.replaceWith(bubble(icon("image"), ` ${t("type.image")} `, m.picture_url ? linkTo(m.picture_url) : m.media_id)));
  return image;
}

function video(m) {
  return card("video", h("div.cover.dark", {}, icon("video")), m.title && h("strong", {}, m.title), m.description && h("p", {}, m.description), mediaLink(m));
}

function mediaLink(m) {
  return m.media_id && h("small", {}, h("a", { href: api.mediaURL(m.media_id), target: "_blank", rel: "noopener" }, t("openFile")));
}

function openLine(href, context) {
  return href && h("footer", {}, appLink(context)(href, t("open")));
}

function news(m, context) {
  const articles = m.articles ?? [];
  const list = articles.map((a, index) => h(index === 0 ? "li.article-first" : "li", {}, articleLink(a, index, m, context)));
  return h("ul.card.card-news", {}, list.length > 0 ? list : h("li", {}, m.media_id || m.url || t(`type.${m.type}`)));
}

function articleLink(article, index, m, context) {
  const cover = h("span.cover", { "aria-hidden": "true" }, icon("image"));
  const title = h("span.article-title", {}, article.title || t("untitled"));
  const text = index === 0 && article.description ? h("span.article-text", {}, article.description) : null;
  const id = m.article_id ?? m.msg_data_id;
  if (id) return h("button.article", { onclick: () => openArticle(id, index, context.openid) }, cover, title, text);
  if (isConsentPage(article.url)) return h("button.article", { onclick: () => openConsent(context.openid, article.url) }, cover, title, text);
  const url = safeURL(article.url);
  if (!url) return h("span.article", {}, cover, title, text);
  return h("a.article", { href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href }, cover, title, text, h("span.target", {}, url.host));
}

function menuMessage(m, { answer }) {
  const [head, ...tail] = (m.content ?? "").split("\n");
  return [
    h("p", {}, head),
    ...(m.menu_items ?? []).map((item) => h("button.answer", { onclick: () => answer(item.id, item.content) }, item.content)),
    tail.length > 0 && h("p", {}, tail.join("\n")),
  ];
}

function templateCard(m, context) {
  const template = state.templates.get(m.template_id);
  const data = m.data ?? {};
  const lines = template
    ? template.content.split("\n").filter((line) => line.trim() !== "").map((line) => templateLine(line, data))
    : Object.entries(data).map(([name, value]) => h("p", {}, h("span.label", {}, name), value));
  return card("template", h("strong", {}, template?.title || m.title || t("type.template")), lines,
    m.appid ? h("footer", {}, icon("app"), ` ${m.appid} ${m.page_path ?? ""}`) : openLine(m.url, context));
}

function templateLine(line, data) {
  const text = line.replaceAll(/\{\{\s*([\w.]+?)\.DATA\s*\}\}/g, (_, name) => data[name] ?? "");
  const colon = text.search(/[:：]/);
  if (colon < 0) return h("p", {}, text);
  return h("p", {}, h("span.label", {}, text.slice(0, colon)), h("span", {}, text.slice(colon + 1)));
}
