// The page of the simulator: followers, chat and console side by side.

import { chatPanel } from "./chat.js";
import { consolePanel } from "./console.js";
import { h } from "./dom.js";
import { reasonOf } from "./feedback.js";
import { followersPanel } from "./followers.js";
import { on, start } from "./store.js";
import { language, t } from "./strings.js";
import { topBar } from "./topbar.js";

const app = document.querySelector("#app");
const longestPause = 5000; // milliseconds between attempts to reach the simulator
let mounted = new AbortController();

/** Builds all panels, in the current language. */
function mount() {
  mounted.abort();
  mounted = new AbortController();
  const { signal } = mounted;
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  document.title = t("simulator");
  const panels = h("main.panels", { "data-view": "chat" });
  const views = { followers: followersPanel, chat: chatPanel, console: consolePanel };
  const switcher = h("nav.views", { "aria-label": t("views") });
  const view = (name) => {
    panels.dataset.view = name;
    for (const button of switcher.children) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  };
  for (const [name, build] of Object.entries(views)) {
    panels.append(build(signal));
    switcher.append(h("button", { "data-view": name, onclick: () => view(name) }, t(name)));
  }
  on("selected", () => view("chat"), signal);
  on("tab", () => view("console"), signal);
  on("reveal", () => view("console"), signal);
  view("chat");
  app.replaceChildren(topBar(signal, mount), panels, switcher);
}

/** Waits for the simulator and starts. */
async function begin(pause = 500) {
  try {
    await start();
    mount();
  } catch (error) {
    app.replaceChildren(h("p.unreachable", { role: "status" }, reasonOf(error)));
    setTimeout(begin, pause, Math.min(2 * pause, longestPause));
  }
}

begin();
