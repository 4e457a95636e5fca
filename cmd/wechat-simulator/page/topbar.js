// The bar above the panels: is everything connected, what time is it, which language.

import { api } from "./api.js";
import { fill, h, openDialog } from "./dom.js";
import { attempt } from "./feedback.js";
import { clockTime, span } from "./format.js";
import { emit, on, platformTime, state } from "./store.js";
import { language, noteText, setLanguage, t } from "./strings.js";

/** Returns the bar. changed is called after the language has changed. */
export function topBar(signal, changed) {
  const connection = h("p.status", { role: "status", id: "connection" });
  const callback = h("button.status", { id: "callback-status", onclick: () => emit("tab", "setup") });
  const clock = h("button.status", { id: "clock-status", onclick: () => emit("tab", "clock") });
  const showConnection = () => fill(connection, dot(state.connected ? "good" : "bad"), t(state.connected ? "connected" : "reconnecting"));
  const showCallback = () => {
    const [kind, text] = callbackState(state.callback);
    callback.title = state.callback.status?.reason ? noteText(state.callback.status.reason) : state.callback.url ?? "";
    fill(callback, dot(kind), text);
  };
  const showClock = () => fill(clock, clockTime(platformTime(), false), state.offset > 0 && ` +${span(state.offset)}`);
  const timer = setInterval(showClock, 5000);
  signal.addEventListener("abort", () => clearInterval(timer));
  on("connection", showConnection, signal);
  on("callback", showCallback, signal);
  on("clock", showClock, signal);
  on("loaded", showCallback, signal);
  showConnection();
  showCallback();
  showClock();
  return h("header.top-bar", {}, h("h1", {}, t("simulator")), connection, callback, clock, h("span.gap"),
    h("button", { id: "reset", onclick: confirmReset }, t("reset")), languageSwitch(changed));
}

function dot(kind) {
  return h(`span.dot.dot-${kind}`, { "aria-hidden": "true" });
}

function callbackState(callback) {
  if (!callback.url) return ["idle", t("callback.none")];
  if (callback.pushes_paused) return ["bad", t("callback.paused")];
  if (callback.status?.reason) return ["bad", t("callback.failed")];
  return callback.status?.verified ? ["good", t("callback.verified")] : ["idle", t("callback.unverified")];
}

function languageSwitch(changed) {
  const choose = (name) => {
    setLanguage(name);
    changed();
    document.querySelector(`[data-language=${name}]`).focus();
  };
  const names = { zh: "中文", en: "English" };
  return h("div.languages", { role: "group", "aria-label": t("language") }, Object.entries(names).map(([name, label]) => h("button", {
    "data-language": name, lang: name, "aria-pressed": String(language() === name), onclick: () => choose(name),
  }, label)));
}

function confirmReset() {
  openDialog(t("reset"), (close) => h("div.form", {}, h("p", {}, t("resetAsks")),
    h("div.form-end", {}, h("button", { onclick: close }, t("cancel")),
      h("button.danger", { id: "confirm-reset", onclick: () => { close(); attempt(api.reset); } }, t("reset")))), t("close"));
}
