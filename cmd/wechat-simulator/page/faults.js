// Faults to switch on.

import { api } from "./api.js";
import { field, fill, h, select, valuesOf } from "./dom.js";
import { attempt } from "./feedback.js";
import { on, state } from "./store.js";
import { t } from "./strings.js";

// The faults with a switch of their own. Those of the control API are in the form.
const switches = {
  busy: { errcode: -1 },
  slow: { delay_ms: 3000 },
  quota: { errcode: 45009 },
  token: { errcode: 40001 },
  drop: { drop: true },
  duplicate: { push: "duplicate" },
};

/** Returns the tab with the faults. */
export function faultsTab(signal) {
  const grid = h("div.switches");
  const active = h("ul.faults");
  const show = () => {
    fill(grid, Object.entries(switches).map(([name, fault]) => switchOf(name, fault)));
    fill(active, state.faults.length === 0 && h("li.hint", {}, t("noFaults")), state.faults.map(faultOf));
  };
  on("faults", show, signal);
  on("loaded", show, signal);
  show();
  return h("div.form", {}, h("p.hint", {}, t("faultsHint")), grid, h("h3", {}, t("oneFault")), faultForm(signal),
    h("h3", {}, t("activeFaults")), active, h("div.form-end", {}, h("button", { id: "clear-faults", onclick: () => attempt(api.clearFaults) }, t("clearFaults"))));
}

function switchOf(name, fault) {
  const label = `switch ${name}`;
  const on = state.faults.find((known) => (fault.push ? known.push === fault.push : known.name === label));
  const flip = () => attempt(() => (on ? api.removeFault(on.id) : api.addFault({ ...fault, name: label, times: -1 })));
  return h("button.switch", { role: "switch", "aria-checked": String(Boolean(on)), id: `fault-${name}`, onclick: flip },
    h("span.switch-text", {}, h("strong", {}, t(`fault.${name}`)), h("small", {}, t(`fault.${name}.hint`))), h("span.switch-knob", { "aria-hidden": "true" }));
}

function faultForm(signal) {
  const kind = select("kind", []);
  const kinds = new Map();
  const form = h("form.form", {},
    h("div.field-pair", {}, field(t("fault"), kind), field(t("times"), h("input", { name: "times", type: "number", min: "1", value: "1" }))),
    field(t("path"), h("input", { name: "path", placeholder: t("anyPath"), autocomplete: "off", spellcheck: "false" })),
    h("div.form-end", {}, h("button.primary", { type: "submit" }, t("addFault"))));
  attempt(api.faults).then((answer) => {
    if (!answer || signal.aborted) return;
    for (const fault of answer.faults) kinds.set(fault.name, fault);
    fill(kind, [...kinds.keys()].map((name) => h("option", { value: name }, t(`faultKind.${name}`))));
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { kind: name, times, path } = valuesOf(form);
    attempt(() => api.addFault({ ...kinds.get(name), path: path.trim(), times: Number(times) || 1 }));
  });
  return form;
}

function faultOf(fault) {
  const left = fault.left < 0 ? t("allCalls") : t("callsLeft", fault.left);
  const name = fault.name?.startsWith("switch ") ? t(`fault.${fault.name.slice("switch ".length)}`) : t(`faultKind.${fault.name ?? `errcode ${fault.errcode}`}`);
  return h("li", {}, h("span.break", {}, h("strong", {}, name), ` ${fault.path || t("anyPath")} · ${left}`),
    h("button", { "aria-label": `${t("remove")} ${name}`, onclick: () => attempt(() => api.removeFault(fault.id)) }, t("remove")));
}
