// The account's access tokens and tickets.

import { api } from "./api.js";
import { fill, h } from "./dom.js";
import { attempt, say } from "./feedback.js";
import { span } from "./format.js";
import { on, state } from "./store.js";
import { t } from "./strings.js";

/** Returns the tab with the tokens. */
export function tokensTab(signal) {
  const rows = h("tbody");
  const show = () => {
    const elapsed = (Date.now() - state.tokensAt) / 1000;
    fill(rows, state.tokens.length === 0 && h("tr", {}, h("td", { colspan: "3" }, t("noTokens"))), state.tokens.map((token) => {
      const left = token.seconds_left - elapsed;
      return h("tr", {}, h("td", {}, t(`token.${token.kind}`), token.state === "previous" && h("small", {}, t("previousToken"))),
        h("td", {}, h("code", {}, token.masked)), h("td", {}, left > 0 ? span(left) : t("expired")));
    }));
  };
  const timer = setInterval(() => rows.offsetParent && show(), 1000);
  signal.addEventListener("abort", () => clearInterval(timer));
  on("tokens", show, signal);
  show();
  const act = async (action, done) => (await attempt(action)) !== undefined && say(done);
  return h("div.form", {}, h("p.hint", {}, t("tokensHint")),
    h("table", {}, h("thead", {}, h("tr", {}, [t("kind"), t("value"), t("timeLeft")].map((name) => h("th", { scope: "col" }, name)))), rows),
    h("div.form-end", {},
      h("button", { id: "expire-tokens", onclick: () => act(api.expireTokens, t("tokensExpired")) }, t("expireTokens")),
      h("button.danger", { id: "revoke-tokens", onclick: () => act(api.revokeTokens, t("tokensRevoked")) }, t("revokeTokens"))));
}
