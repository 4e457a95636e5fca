// The platform's clock, which can be moved forward.

import { api } from "./api.js";
import { field, h, valuesOf } from "./dom.js";
import { attempt } from "./feedback.js";
import { clockTime, span } from "./format.js";
import { on, platformTime, state } from "./store.js";
import { language, t } from "./strings.js";

const minute = 60;
const hour = 60 * minute;

// Steps to the end of something, and a second further.
const steps = [
  ["5 min", 5 * minute, "clock.code"],
  ["2 h", 2 * hour, "clock.token"],
  ["48 h", 48 * hour, "clock.window"],
  ["72 h", 72 * hour, "clock.media"],
  ["30 d", 30 * 24 * hour, "clock.month"],
];

/** Returns the tab with the clock. */
export function clockTab(signal) {
  const time = h("p.big-time");
  const ahead = h("p.hint", { role: "status", id: "clock-ahead" });
  const show = () => {
    const now = platformTime();
    const day = new Intl.DateTimeFormat(language(), { dateStyle: "full" }).format(now);
    time.replaceChildren(clockTime(now), h("small", {}, day));
    const words = state.offset > 0 ? t("clockAhead", span(state.offset)) : t("clockReal");
    if (ahead.textContent !== words) ahead.textContent = words;
  };
  const timer = setInterval(() => time.offsetParent && show(), 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  on("clock", show, signal);
  show();
  const advance = (seconds) => attempt(() => api.advanceClock(seconds));
  const form = h("form.inline-form", {}, field(t("hours"), h("input", { name: "hours", type: "number", min: "0.01", step: "any", value: "1", required: true })), h("button", { type: "submit" }, t("advance")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    advance(Math.round(Number(valuesOf(form).hours) * hour));
  });
  return h("div.form", {}, time, ahead, h("p.hint", {}, t("clockHint")),
    h("div.choices", {}, steps.map(([label, seconds, key]) => h("button.choice", { id: key.replace(".", "-"), onclick: () => advance(seconds + 1) },
      h("strong", {}, `+ ${label}`), h("small", {}, t(key))))),
    form);
}
