// The account's menu, as one follower sees it.

import { api } from "./api.js";
import { openArticle } from "./articles.js";
import { append, fill, field, h, openDialog, safeURL } from "./dom.js";
import { attempt, say } from "./feedback.js";
import { isConsentPage, openConsent } from "./oauth.js";
import { sendLocation } from "./sending.js";
import { t } from "./strings.js";

/** Returns the bar with up to three buttons, of which some open a menu of their own. */
export function menuBar(openid, buttons, signal) {
  const bar = h("nav.menu-bar", { "aria-label": t("accountMenu") });
  const closeAll = () => {
    for (const opener of bar.querySelectorAll("[aria-expanded=true]")) setOpen(opener, false);
  };
  append(bar, buttons.map((button, index) => (button.sub_button?.length > 0 ? opener(openid, button, index, closeAll) : item(openid, button))));
  document.addEventListener("click", (event) => bar.contains(event.target) || closeAll(), { signal });
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    bar.querySelector("[aria-expanded=true]")?.focus();
    closeAll();
  });
  return bar;
}

function setOpen(opener, open) {
  opener.setAttribute("aria-expanded", String(open));
  opener.nextElementSibling.hidden = !open;
}

function opener(openid, button, index, closeAll) {
  const id = `submenu-${index}`;
  const toggle = h("button.menu-button", { "aria-expanded": "false", "aria-controls": id }, h("span.menu-mark", { "aria-hidden": "true" }), button.name);
  const submenu = h("div.submenu", { id, hidden: true }, button.sub_button.map((sub) => item(openid, sub)));
  toggle.addEventListener("click", () => {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    closeAll();
    setOpen(toggle, open);
    if (open) submenu.firstElementChild.focus();
  });
  submenu.addEventListener("click", closeAll);
  return h("div.menu-slot", {}, toggle, submenu);
}

function item(openid, button) {
  const act = (event) => attempt(() => api.act(openid, event));
  if (button.type === "view" && !isConsentPage(button.url)) {
    const url = safeURL(button.url);
    if (url) {
      return h("a.menu-button", {
        href: url.href, target: "_blank", rel: "noopener noreferrer", title: url.href, onclick: () => act({ event: "VIEW", url: button.url }),
      }, button.name);
    }
  }
  const tap = taps[button.type] ?? ((_, b) => say(t("buttonWithoutEffect", b.type)));
  return h("button.menu-button", { onclick: () => tap(openid, button, act) }, button.name);
}

// What a tap does, by the type of the button.
const taps = {
  click: (_, b, act) => act({ event: "CLICK", key: b.key }),
  view(openid, b, act) {
    act({ event: "VIEW", url: b.url });
    openConsent(openid, b.url);
  },
  miniprogram: (_, b, act) => act({ event: "view_miniprogram", page_path: b.pagepath }),
  scancode_push: (_, b, act) => askForResult(b, (result) => act({ event: "scancode_push", key: b.key, result })),
  scancode_waitmsg: (_, b, act) => askForResult(b, (result) => act({ event: "scancode_waitmsg", key: b.key, result })),
  pic_sysphoto: takePicture,
  pic_photo_or_album: takePicture,
  pic_weixin: takePicture,
  location_select: (_, b, act) => sendLocation(b.name, (place) => act({ event: "location_select", key: b.key, ...place })),
  article_id: (openid, b) => openArticle(b.article_id, 0, openid),
  article_view_limited: (openid, b) => openArticle(b.article_id, 0, openid),
  media_id: (_, b) => openMedia(b),
  view_limited: (_, b) => openMedia(b),
};

function takePicture(_, button, act) {
  const picture = { PicMd5Sum: "5a75aaca956d97be686719218f275c6b" };
  act({ event: button.type, fields: { EventKey: button.key, SendPicsInfo: { Count: 1, PicList: { item: picture } } } });
}

function askForResult(button, done) {
  openDialog(button.name, (close) => {
    const input = h("input", { name: "result", required: true, value: "https://example.com/code", autocomplete: "off" });
    const form = h("form.form", {}, field(t("scanResult"), input), h("div.form-end", {}, h("button.primary", { type: "submit" }, t("scan"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close();
      done(input.value);
    });
    return form;
  }, t("close"));
}

function openMedia(button) {
  openDialog(button.name, () => {
    const body = h("div.form");
    const image = h("img.picture", { src: api.mediaURL(button.media_id), alt: button.name });
    image.addEventListener("error", () => fill(body, h("p", {}, t("materialShown")), h("a", { href: api.mediaURL(button.media_id), target: "_blank", rel: "noopener" }, button.media_id)));
    fill(body, image);
    return body;
  }, t("close"));
}
