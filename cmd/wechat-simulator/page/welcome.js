// What stands where the chat will be while there is no follower: the way to the first
// answer.

import { h } from "./dom.js";
import { emit, on, state } from "./store.js";
import { t } from "./strings.js";

/** Returns the steps to the first answer. */
export function welcome(addFollower, signal) {
  const steps = h("ol.steps");
  const show = () => {
    const connected = Boolean(state.callback.url);
    steps.replaceChildren(
      h(connected ? "li.done" : "li", {}, h("strong", {}, t("stepCallback")), h("p", {}, connected ? state.callback.url : t("stepCallbackHint")),
        h("button", { onclick: () => emit("tab", "setup") }, t("openSetup"))),
      h("li", {}, h("strong", {}, t("stepFollower")), h("p", {}, t("stepFollowerHint")),
        h("button.primary", { id: "first-follower", onclick: addFollower }, t("addFollower"))),
      h("li", {}, h("strong", {}, t("stepMessage")), h("p", {}, t("stepMessageHint"))));
  };
  on("callback", show, signal);
  show();
  return h("div.welcome", {}, h("h2", {}, t("welcome")), h("p", {}, t("welcomeText")), steps);
}
