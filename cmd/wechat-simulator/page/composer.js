// Where a follower writes: text, everything else that the app can send, and the
// account's menu.

import { api } from "./api.js";
import { append, fill, h, icon, iconButton } from "./dom.js";
import { attempt } from "./feedback.js";
import { menuBar } from "./menubar.js";
import { askForConsentPage } from "./oauth.js";
import { acceptNotification, scanCode, sendFile, sendLink, sendLocation } from "./sending.js";
import { t } from "./strings.js";

const drafts = new Map(); // texts that were not sent, by openid
const enterSends = (event) => event.key === "Enter" && !event.shiftKey && !event.isComposing;

/** Returns the composer of a follower. */
export function composer(openid, signal) {
  const input = h("textarea", { rows: "1", id: "message", placeholder: t("writeMessage"), "aria-label": t("writeMessage"), enterkeyhint: "send" });
  input.value = drafts.get(openid) ?? "";
  const more = h("div.more", { id: "more", hidden: true }, actionsOf(openid));
  const moreButton = iconButton("plus", t("more"), () => toggle(more, moreButton), { "aria-expanded": "false", "aria-controls": "more", id: "more-button" });
  const send = async () => {
    const content = input.value;
    if (content.trim() === "") return;
    input.value = "";
    drafts.delete(openid);
    input.focus();
    const sent = await attempt(() => api.send(openid, { type: "text", content }));
    if (sent === undefined && input.value === "") input.value = content;
  };
  input.addEventListener("input", () => drafts.set(openid, input.value));
  input.addEventListener("keydown", (event) => {
    if (!enterSends(event)) return;
    event.preventDefault();
    send();
  });
  const sendButton = h("button.primary.send", { onclick: send, id: "send" }, t("send"));
  const writing = h("div.writing", {}, input, moreButton, sendButton);
  const menu = h("div.menu-place");
  const swap = iconButton("menu", t("showMenu"), () => showMenu(menu.hidden), { hidden: true, id: "swap" });
  const showMenu = (visible) => {
    menu.hidden = !visible;
    writing.hidden = visible;
    if (visible) more.hidden = true;
    const label = visible ? t("showKeyboard") : t("showMenu");
    swap.setAttribute("aria-label", label);
    swap.title = label;
    fill(swap, icon(visible ? "keyboard" : "menu"));
  };
  let first = true;
  let shown;
  showMenu(false);
  return {
    element: h("footer.composer", {}, h("div.composer-row", {}, swap, writing, menu), more),
    /** Shows the menu that the follower sees. One that is shown already stays open where it is. */
    showMenu(buttons) {
      const what = JSON.stringify(buttons);
      if (what === shown) return;
      shown = what;
      swap.hidden = buttons.length === 0;
      fill(menu, menuBar(openid, buttons, signal));
      if (buttons.length === 0) showMenu(false);
      else if (first && input.value === "" && document.activeElement !== input) showMenu(true);
      first = false;
    },
  };
}

function toggle(more, button) {
  more.hidden = !more.hidden;
  button.setAttribute("aria-expanded", String(!more.hidden));
}

function actionsOf(openid) {
  const actions = [
    ["image", t("type.image"), () => sendFile(openid, "image")],
    ["voice", t("type.voice"), () => sendFile(openid, "voice")],
    ["video", t("type.video"), () => sendFile(openid, "video")],
    ["place", t("type.location"), () => sendLocation(t("type.location"), (place) => api.send(openid, { type: "location", ...place }))],
    ["link", t("type.link"), () => sendLink(openid)],
    ["scan", t("scanCode"), () => scanCode(openid)],
    ["key", t("openConsent"), () => askForConsentPage(openid)],
    ["bell", t("acceptNotification"), () => acceptNotification(openid)],
  ];
  const grid = h("div.more-grid");
  append(grid, actions.map(([name, label, onclick]) => h("button.more-action", { onclick: () => attempt(async () => onclick()) }, icon(name), h("span", {}, label))));
  return grid;
}
