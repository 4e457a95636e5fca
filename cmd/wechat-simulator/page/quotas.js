// The daily quotas of the APIs.

import { api } from "./api.js";
import { fill, h, icon } from "./dom.js";
import { attempt, say } from "./feedback.js";
import { on } from "./store.js";
import { language, t } from "./strings.js";

const pause = 1000; // milliseconds between two readings while calls arrive

/** Returns the tab with the quotas. */
export function quotasTab(signal) {
  const rows = h("tbody");
  const search = h("input", { type: "search", placeholder: t("searchPath"), "aria-label": t("searchPath") });
  let quotas = [];
  const show = () => {
    const found = quotas.filter((quota) => quota.path.includes(search.value.trim())).slice(0, 200);
    fill(rows, found.map((quota) => rowOf(quota, read)));
  };
  const read = async () => {
    const answer = await attempt(api.quotas);
    if (!answer) return;
    quotas = answer.quotas.sort((a, b) => b.used - a.used || a.path.localeCompare(b.path));
    show();
  };
  let waiting = false;
  const readSoon = () => {
    if (waiting || !rows.offsetParent) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      read();
    }, pause);
  };
  search.addEventListener("input", show);
  on("quota", readSoon, signal);
  on("log", readSoon, signal);
  on("loaded", read, signal);
  read();
  return h("div.form", {}, h("p.hint", {}, t("quotasHint")), h("div.search-box", {}, icon("search"), search),
    h("div.scroll", { tabindex: "0", role: "region", "aria-label": t("tab.quotas") },
      h("table", {}, h("thead", {}, h("tr", {}, [t("path"), t("usedOfLimit"), t("action")].map((name) => h("th", { scope: "col" }, name)))), rows)),
    h("div.form-end", {}, h("button", { onclick: async () => { await attempt(api.clearQuotas); read(); } }, t("clearQuotas"))));
}

function rowOf(quota, changed) {
  const exhaust = async () => {
    if ((await attempt(() => api.exhaustQuota(quota.path))) === undefined) return;
    say(t("quotaExhausted", quota.path));
    changed();
  };
  const number = new Intl.NumberFormat(language());
  return h("tr", {}, h("td.break", {}, quota.path),
    h("td", {}, `${number.format(quota.used)} / ${number.format(quota.limit)}`, quota.per_minute && h("small", {}, t("perMinute", number.format(quota.per_minute)))),
    h("td", {}, h("button", { onclick: exhaust, disabled: quota.used >= quota.limit, "aria-label": `${t("exhaust")} ${quota.path}` }, t("exhaust"))));
}
