// The console beside the chat: tabs with the log and with everything that can be set.

import { h } from "./dom.js";
import { clockTab } from "./clock.js";
import { faultsTab } from "./faults.js";
import { logTab } from "./logview.js";
import { quotasTab } from "./quotas.js";
import { setupTab } from "./setup.js";
import { on } from "./store.js";
import { t } from "./strings.js";
import { tokensTab } from "./tokens.js";

const tabs = { log: logTab, setup: setupTab, tokens: tokensTab, quotas: quotasTab, faults: faultsTab, clock: clockTab };

/** Returns the panel with the tabs. A tab is built when it is first opened. */
export function consolePanel(signal) {
  const names = Object.keys(tabs);
  const list = h("div.tabs", { role: "tablist", "aria-label": t("console") });
  const panels = new Map();
  const buttons = new Map(names.map((name) => [name, h("button.tab", {
    role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => open(name),
  }, t(`tab.${name}`))]));
  const element = h("section.panel.console", { "aria-label": t("console") }, list);
  for (const name of names) {
    list.append(buttons.get(name));
    panels.set(name, h("div.tab-panel", { role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true }));
    element.append(panels.get(name));
  }
  const open = (name) => {
    sessionStorage.setItem("tab", name);
    for (const other of names) {
      const selected = other === name;
      buttons.get(other).setAttribute("aria-selected", String(selected));
      buttons.get(other).tabIndex = selected ? 0 : -1;
      panels.get(other).hidden = !selected;
    }
    const panel = panels.get(name);
    if (!panel.hasChildNodes()) panel.append(tabs[name](signal));
  };
  list.addEventListener("keydown", (event) => {
    const current = names.findIndex((name) => buttons.get(name) === document.activeElement);
    const next = { ArrowRight: current + 1, ArrowLeft: current - 1, Home: 0, End: names.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const name = names[(next + names.length) % names.length];
    open(name);
    buttons.get(name).focus();
  });
  on("tab", open, signal);
  on("reveal", () => open("log"), signal);
  const last = sessionStorage.getItem("tab");
  open(names.includes(last) ? last : "log");
  return element;
}
