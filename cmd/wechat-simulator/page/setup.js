// How a program reaches the simulator, and where the simulator reaches the program.

import { APIError, api } from "./api.js";
import { field, h, iconButton, select, valuesOf } from "./dom.js";
import { attempt, copy, reasonOf, report } from "./feedback.js";
import { endOfPause } from "./notes.js";
import { on, state } from "./store.js";
import { noteText, t } from "./strings.js";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const secretNames = /SECRET|TOKEN|KEY/;

/** Returns the tab with the callback's settings and the account. */
export function setupTab(signal) {
  const place = h("div.setup");
  const show = () => place.replaceChildren(callbackForm(signal), accountSection());
  on("loaded", show, signal);
  show();
  return place;
}

function callbackForm(signal) {
  const { callback } = state;
  const outcome = h("p.outcome", { role: "status", id: "callback-outcome" });
  const form = h("form.form", { id: "callback-form", novalidate: true },
    h("h3", {}, t("callback")), h("p.hint", {}, t("callbackHint")),
    field("URL", h("input", { name: "url", type: "url", placeholder: "http://127.0.0.1:8080/wechat", autocomplete: "off", spellcheck: "false" })),
    h("div.with-button", {}, field("Token", h("input", { name: "token", required: true, autocomplete: "off", spellcheck: "false" }), t("tokenHint")), randomButton("token", 16)),
    h("div.with-button", {}, field("EncodingAESKey", h("input", { name: "aes_key", required: true, autocomplete: "off", spellcheck: "false" }), t("keyHint")), randomButton("aes_key", 43)),
    h("div.field-pair", {},
      field(t("mode"), select("mode", [["plain", t("mode.plain")], ["compatible", t("mode.compatible")], ["safe", t("mode.safe")]])),
      field(t("dataFormat"), select("json", [["false", "XML"], ["true", "JSON"]]))),
    outcome,
    h("div.form-end", {}, h("button", { name: "unverified", type: "submit" }, t("saveUnverified")), h("button.primary", { type: "submit", id: "save-callback" }, t("saveAndVerify"))));
  const write = (settings) => {
    for (const name of ["url", "token", "aes_key", "mode", "json"]) form.elements[name].value = String(settings[name] ?? "");
  };
  write(callback);
  showStatus(outcome, callback);
  on("callback", () => {
    if (!form.contains(document.activeElement)) write(state.callback);
    if (!form.classList.contains("is-busy")) showStatus(outcome, state.callback);
  }, signal);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const verify = event.submitter?.name !== "unverified";
    const { json, ...settings } = valuesOf(form);
    await save(form, outcome, { ...settings, json: json === "true", verify: verify && settings.url !== "" });
  });
  return form;
}

async function save(form, outcome, settings) {
  form.classList.add("is-busy");
  report(outcome, "busy", t(settings.verify ? "verifying" : "saving"));
  try {
    state.callback = await api.saveCallback(settings);
    report(outcome, "good", t(settings.verify ? "verified" : "saved"));
  } catch (error) {
    report(outcome, "bad", reasonOf(error));
    if (!(error instanceof APIError)) throw error;
  } finally {
    form.classList.remove("is-busy");
  }
}

function showStatus(outcome, callback) {
  const { status } = callback;
  if (callback.pushes_paused) report(outcome, "bad", [t("pushesPaused"), " ", endOfPause()]);
  else if (status?.reason) report(outcome, "bad", noteText(status.reason));
  else if (status?.verified && callback.url) report(outcome, "good", t("verified"));
  else report(outcome, "plain", "");
}

function randomButton(name, length) {
  return h("button", {
    onclick: (event) => {
      const bytes = crypto.getRandomValues(new Uint8Array(length));
      event.target.form.elements[name].value = [...bytes].map((byte) => letters[byte % letters.length]).join("");
    },
  }, t("generate"));
}

function accountSection() {
  const lines = Object.entries(state.environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return h("section.form", {}, h("h3", {}, t("account")), h("p.hint", {}, t("accountHint")),
    h("dl.facts.copyable", {}, [["AppID", state.account.appid], ["AppSecret", state.account.appsecret, true], [t("originalID"), state.account.original_id], [t("baseURL"), state.account.base_url]]
      .filter(([, value]) => value).flatMap(([name, value, secret]) => [h("dt", {}, name), h("dd", {}, valueOf(name, value, secret))])),
    h("details", {}, h("summary", {}, t("environment")), h("pre", { tabindex: "0" }, lines.map(masked).join("\n")),
      h("button", { onclick: () => attempt(() => copy(lines.join("\n"))) }, t("copyEnvironment"))));
}

function valueOf(name, value, secret) {
  const code = h("code", {}, secret ? "••••••••" : value);
  return [code, secret && h("button.link", { onclick: () => { code.textContent = code.textContent === value ? "••••••••" : value; } }, t("reveal")),
    iconButton("copy", t("copyValue", name), () => copy(value))];
}

function masked(line) {
  const [name, ...value] = line.split("=");
  return secretNames.test(name) ? `${name}=••••••••` : [name, ...value].join("=");
}

/** Quotes a value for a POSIX shell if it needs to be. */
function quoted(value) {
  return /^[\w\-./:,@%+=]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
