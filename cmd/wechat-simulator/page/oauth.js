// The page that asks a follower to authorize the account (网页授权).

import { api } from "./api.js";
import { fill, h, openDialog } from "./dom.js";
import { attempt } from "./feedback.js";
import { linkTo } from "./richtext.js";
import { nameOf, state } from "./store.js";
import { t } from "./strings.js";

const consentPath = "/connect/oauth2/authorize";

/** Reports whether a URL is that of an authorization page. */
export function isConsentPage(href) {
  try {
    return new URL(href).pathname.endsWith(consentPath);
  } catch {
    return false;
  }
}

/** Opens the authorization page as the app of a follower. */
export function openConsent(openid, href) {
  const parameters = new URL(href).searchParams;
  const follower = state.followers.get(openid);
  openDialog(t("consentTitle"), (close) => {
    const body = h("div.consent");
    const allow = async () => {
      const agreed = await attempt(() => api.authorize(openid, href));
      if (!agreed) return;
      const onward = h("a.button.primary", { href: agreed.redirect_url, target: "_blank", rel: "noopener noreferrer", id: "consent-onward", onclick: close }, t("consentOnward"));
      fill(body, h("p", {}, t("consentGiven")), h("p.break", {}, linkTo(agreed.redirect_url)), h("div.form-end", {}, onward));
      onward.focus();
    };
    fill(body,
      h("p", {}, t("consentAsks", nameOf(follower))),
      h("dl.facts", {},
        h("dt", {}, "scope"), h("dd", {}, parameters.get("scope") ?? "—"),
        h("dt", {}, "redirect_uri"), h("dd", {}, parameters.get("redirect_uri") ?? "—"),
        h("dt", {}, "state"), h("dd", {}, parameters.get("state") ?? "—")),
      h("div.form-end", {}, h("button", { onclick: close }, t("refuse")), h("button.primary", { id: "consent-allow", onclick: allow }, t("allow"))));
    return body;
  }, t("close"));
}

/** Opens the dialog that takes the link of an authorization page. */
export function askForConsentPage(openid) {
  openDialog(t("openConsent"), (close) => {
    const input = h("textarea", { name: "url", rows: "4", required: true, placeholder: `https://open.weixin.qq.com${consentPath}?…`, "aria-label": t("consentLink") });
    const problem = h("p.outcome", { role: "status" });
    const form = h("form.form", {}, h("p.hint", {}, t("consentLinkHint")), input, problem, h("div.form-end", {}, h("button.primary", { type: "submit" }, t("open"))));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const href = input.value.trim();
      if (!isConsentPage(href)) {
        fill(problem, t("notConsentPage"));
        return;
      }
      close();
      openConsent(openid, href);
    });
    return form;
  }, t("close"));
}
