// The log: a list of all calls and pushes, and the details of the selected one.

import { api } from "./api.js";
import { append, fill, h, icon, iconButton } from "./dom.js";
import { attempt, copy } from "./feedback.js";
import { clockTime, milliseconds, pretty, prettyXML } from "./format.js";
import { allEntries, entryOf } from "./log.js";
import { errorLine, noteElement } from "./notes.js";
import { nameOf, on, state } from "./store.js";
import { t } from "./strings.js";
import { WindowedList } from "./windowed.js";

const rowHeight = 30;
const bodySearchPause = 250; // milliseconds after the last key before bodies are searched
const filters = {
  all: () => true,
  calls: (entry) => entry.kind === "call",
  pushes: (entry) => entry.kind === "push",
  failed: (entry) => entry.failed,
};

/** Returns the tab with the log. */
export function logTab(signal) {
  let filter = "all";
  let selected = "";
  let opened; // the selected entry when its details were read
  let inBodies = new Set(); // keys of the entries whose bodies contain the searched words
  const detail = h("div.detail", { hidden: true, role: "region", "aria-label": t("details") });
  const open = async (key) => {
    selected = key;
    const entry = entryOf(key);
    opened = entry;
    const found = entry && (await attempt(() => (entry.kind === "call" ? api.call(entry.id) : api.push(entry.id))));
    if (!found || selected !== key) return;
    fill(detail, entry.kind === "call" ? callDetail(found, close) : pushDetail(found, close));
    detail.hidden = false;
  };
  const close = () => {
    selected = "";
    detail.hidden = true;
    list.select("");
    list.element.focus();
  };
  const list = new WindowedList({ label: t("tab.log"), height: rowHeight, key: (e) => e.key, row: rowOf, anchored: true, onselect: (e) => open(e.key) });
  const search = h("input", { type: "search", placeholder: t("searchLog"), "aria-label": t("searchLog"), id: "log-search" });
  const count = h("p.count", { role: "status" });

  const show = () => {
    const words = search.value.trim().toLowerCase();
    const fits = filters[filter];
    const all = allEntries();
    const found = all.filter((entry) => fits(entry) && (words === "" || entry.words.includes(words) || inBodies.has(entry.key)));
    count.textContent = found.length === all.length ? t("entryCount", all.length) : t("foundCount", found.length, all.length);
    list.show(found);
  };
  let timer = 0;
  const searchBodies = async () => {
    const words = search.value.trim();
    if (words.length < 2) return;
    const [calls, pushes] = await Promise.all([api.calls({ q: words, limit: 1000 }), api.pushes({ q: words, limit: 1000 })]);
    if (search.value.trim() !== words) return;
    inBodies = new Set([...calls.calls.map((c) => `call-${c.id}`), ...pushes.pushes.map((p) => `push-${p.id}`)]);
    show();
  };
  search.addEventListener("input", () => {
    inBodies = new Set();
    show();
    clearTimeout(timer);
    timer = setTimeout(() => searchBodies().catch(() => {}), bodySearchPause);
  });

  on("log", () => {
    show();
    if (selected !== "" && entryOf(selected) !== opened) open(selected);
  }, signal);
  on("reveal", (key) => {
    filter = "all";
    search.value = "";
    bar.querySelector("input").checked = true;
    show();
    list.select(key, true);
    open(key);
  }, signal);

  const bar = h("fieldset.filters", {}, h("legend.hidden", {}, t("filter")), Object.keys(filters).map((name) => h("label", {},
    h("input", { type: "radio", name: "log-filter", value: name, checked: name === filter, onchange: () => { filter = name; show(); } }),
    h("span", {}, t(`filter.${name}`)))));
  show();
  return h("div.log", {}, h("div.log-head", {}, h("div.search-box", {}, icon("search"), search), bar), list.element, count, detail);
}

function rowOf(entry) {
  const call = entry.kind === "call";
  return [
    h("time", {}, clockTime(new Date(entry.time))),
    h(`span.direction.${call ? "is-call" : "is-push"}`, { role: "img", "aria-label": t(call ? "kind.call" : "kind.push") }, icon(call ? "up" : "down")),
    h("span.entry-name", {}, call ? h("span.method", {}, entry.method) : null, entry.name, !call && entry.from && h("span.entry-from", {}, ` ${fromOf(entry)}`)),
    h(`span.chip.chip-${entry.failed ? "bad" : "good"}`, {}, outcomeOf(entry)),
    h("span.took", {}, milliseconds(call ? entry.duration_ms : entry.answer_ms)),
  ];
}

function fromOf(push) {
  const follower = state.followers.get(push.from);
  return follower ? nameOf(follower) : push.from;
}

function outcomeOf(entry) {
  if (entry.kind === "call") return entry.status >= 400 || entry.status === 0 ? String(entry.status || t("noResponse")) : String(entry.errcode);
  if (entry.state === "sending") return "…";
  if (entry.blocked) return t("blocked");
  if (entry.pushes_paused) return t("paused");
  return t(`seen.${entry.seen}`);
}

function head(title, close, ...buttons) {
  return h("header.detail-head", {}, h("h3", {}, title), h("div.actions", {}, buttons, iconButton("close", t("close"), close)));
}

function facts(pairs) {
  return h("dl.facts", {}, pairs.filter(([, value]) => value !== undefined && value !== "" && value !== null).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** Returns a part of the details that opens on demand. */
function folded(title, text, open = false) {
  if (!text) return null;
  return h("details", { open }, h("summary", {}, title), h("pre", { tabindex: "0" }, text));
}

function callDetail(call, close) {
  const query = new URLSearchParams(Object.entries(call.query ?? {}).flatMap(([name, values]) => values.map((value) => [name, value]))).toString();
  const form = call.form && JSON.stringify({ ...call.form, ...call.files }, null, 2);
  return [
    head(`${call.method} ${call.path}`, close, h("button", { id: "copy-curl", onclick: () => attempt(async () => copy(await api.callAsCurl(call.id))) }, icon("copy"), t("copyCurl"))),
    facts([
      ["errcode", `${call.errcode}${call.errmsg ? ` ${call.errmsg}` : ""}`], ["HTTP", call.status || t("noResponse")], [t("duration"), milliseconds(call.duration_ms)],
      [t("at"), clockTime(new Date(call.at))], ["rid", call.request_id], [t("fault"), call.fault], [t("executed"), call.executed ? t("yes") : t("no")],
    ]),
    folded(t("query"), query),
    folded(t("requestBody"), pretty(form ?? call.body ?? ""), true),
    folded(t("response"), pretty(call.response ?? ""), true),
  ];
}

function pushDetail(push, close) {
  return [
    head(push.event ? `${push.type} · ${push.event}` : push.type, close,
      h("button", { id: "copy-go", onclick: () => attempt(async () => copy(await api.pushAsGo(push.id))) }, icon("copy"), t("copyGo"))),
    push.note && noteElement("aside.note", push.note, errorLine(push)),
    facts([
      [t("from"), fromOf(push)], [t("saw"), t(`seen.${push.seen}`)], [t("answerTime"), milliseconds(push.answer_ms)], [t("at"), clockTime(new Date(push.at))], ["MsgId", push.msg_id],
    ]),
    folded(t("clearXML"), prettyXML(push.xml ?? ""), true),
    folded(t("encryptedXML"), prettyXML(push.encrypted ?? "")),
    h("h4", {}, t("deliveries", push.deliveries.length)),
    h("ol.deliveries", {}, push.deliveries.map(deliveryOf)),
  ];
}

function deliveryOf(delivery) {
  const element = h("li", {}, h("p", {},
    h(`span.chip.chip-${delivery.error ? "bad" : "good"}`, {}, delivery.status || t("noResponse")), ` ${milliseconds(delivery.duration_ms)} `, delivery.error));
  append(element, folded(t("answer"), prettyXML(delivery.clear ?? delivery.body ?? ""), true), delivery.clear && folded(t("answerEncrypted"), prettyXML(delivery.body ?? "")));
  return element;
}
