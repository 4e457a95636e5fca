// The conversation with one follower.

import { api } from "./api.js";
import { openArticles } from "./articles.js";
import { itemElement } from "./bubbles.js";
import { composer } from "./composer.js";
import { append, avatar, fill, h, iconButton } from "./dom.js";
import { attempt, copy } from "./feedback.js";
import { addFollower, editFollower, followerActions } from "./followers.js";
import { dayAndTime } from "./format.js";
import { emit, nameOf, on, platformTime, state } from "./store.js";
import { t } from "./strings.js";
import { welcome } from "./welcome.js";

const pageSize = 50;
const mostShown = 300; // items in the document; older ones are loaded again on demand
const nearEnd = 60; // pixels
const apart = 5 * 60 * 1000; // milliseconds between items before the time is shown

/** Returns the panel with the chat of the selected follower. */
export function chatPanel(signal) {
  const panel = h("section.panel.chat", { "aria-label": t("chat") });
  let chat = null;
  const show = () => {
    chat?.close();
    const follower = state.followers.get(state.selected);
    chat = follower ? new Chat(panel, follower) : null;
    if (!chat) fill(panel, welcome(addFollower, signal));
  };
  on("selected", show, signal);
  on("loaded", show, signal);
  on("followers", () => {
    if (chat && state.followers.has(state.selected)) chat.update();
    else if (state.selected === "" || chat) show();
  }, signal);
  on("message", ({ openid, item }) => openid === chat?.openid && chat.receive(item), signal);
  on("menu", () => chat?.loadView(), signal);
  signal.addEventListener("abort", () => chat?.close());
  show();
  return panel;
}

class Chat {
  #items = new Map(); // by ID: {item, element}
  #before; // where older items begin
  #atEnd = true; // whether the newest item is in sight
  #audience = ""; // what the follower's menu depends on
  #closed = new AbortController();
  #log = h("div.conversation", { role: "log", "aria-live": "polite", "aria-label": t("conversation"), tabindex: "0" });
  #earlier = h("button.link.earlier", { hidden: true, onclick: () => this.#loadEarlier() }, t("earlier"));
  #head = h("header.chat-head");
  #context;

  constructor(panel, follower) {
    this.openid = follower.openid;
    this.#context = {
      openid: this.openid,
      answer: (id, content) => attempt(() => api.send(this.openid, { type: "text", content, menu_item_id: id })),
      showPush: (id) => emit("reveal", `push-${id}`),
      resized: () => this.#atEnd && this.#showEnd(),
    };
    this.composer = composer(this.openid, this.#closed.signal);
    this.#keepAtEnd();
    fill(panel, this.#head, this.#log, this.composer.element);
    append(this.#log, this.#earlier);
    this.update();
    this.#load();
  }

  close() {
    this.#closed.abort();
  }

  // keepAtEnd keeps the newest item in sight when the space changes, or the size of an
  // item, unless somebody reads older ones.
  #keepAtEnd() {
    this.#log.addEventListener("scroll", () => {
      this.#atEnd = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < nearEnd;
    }, { passive: true });
    const stay = () => this.#atEnd && this.#showEnd();
    this.#log.addEventListener("load", stay, { capture: true });
    const observer = new ResizeObserver(stay);
    observer.observe(this.#log);
    this.#closed.signal.addEventListener("abort", () => observer.disconnect());
  }

  #showEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#atEnd = true;
  }

  /** Shows the changed profile. */
  update() {
    const follower = state.followers.get(this.openid);
    if (!follower) return;
    const audience = JSON.stringify([follower.tag_ids, follower.client_platform, follower.language]);
    if (this.#audience !== audience) this.loadView();
    this.#audience = audience;
    const name = nameOf(follower);
    fill(this.#head,
      h("div.chat-title", {}, avatar(name, this.openid),
        h("div", {}, h("h2", {}, name), h("p.chat-state", { role: "status" }, follower.typing ? t("typing") : stateOf(follower)))),
      h("div.actions", {}, followerActions(follower),
        iconButton("person", t("editProfile"), () => editFollower(state.followers.get(this.openid)), { id: "edit-profile" }),
        iconButton("card", t("articles"), () => openArticles(this.openid), { id: "open-articles" }),
        iconButton("copy", t("copyConversation"), () => attempt(async () => copy(await api.conversationAsGo(this.openid))), { id: "copy-conversation" })));
    this.#head.classList.toggle("is-typing", follower.typing === true);
  }

  /** Shows an item that is new or has changed. */
  receive(item) {
    const follow = this.#atEnd || item.from === "follower";
    const known = this.#items.get(item.id);
    const element = itemElement(item, this.#context);
    if (known) {
      known.element.replaceWith(element);
    } else {
      append(this.#log, this.#timeBefore(item), element);
      this.#trim();
    }
    this.#items.set(item.id, { item, element });
    if (follow) this.#showEnd();
  }

  /** Loads the menu that the follower sees. */
  async loadView() {
    const view = await attempt(() => api.follower(this.openid));
    if (view && !this.#closed.signal.aborted) this.composer.showMenu(view.menu?.buttons ?? []);
  }

  async #load() {
    const page = await attempt(() => api.chat(this.openid, undefined, pageSize));
    if (!page || this.#closed.signal.aborted) return;
    const live = [...this.#items.values()].map(({ item }) => item);
    this.#items.clear();
    fill(this.#log, this.#earlier);
    for (const item of page.items) this.receive(item);
    for (const item of live) if (!this.#items.has(item.id)) this.receive(item);
    this.#setBefore(page.before);
    this.#showEnd();
  }

  async #loadEarlier() {
    const page = await attempt(() => api.chat(this.openid, this.#before, pageSize));
    if (!page || this.#closed.signal.aborted) return;
    const height = this.#log.scrollHeight;
    const older = new Map();
    const nodes = [];
    for (const item of page.items) {
      const element = itemElement(item, this.#context);
      older.set(item.id, { item, element });
      nodes.push(element);
    }
    this.#earlier.after(...nodes);
    this.#items = new Map([...older, ...this.#items]);
    this.#setBefore(page.before);
    this.#log.scrollTop += this.#log.scrollHeight - height;
  }

  #setBefore(id) {
    this.#before = id;
    this.#earlier.hidden = !id;
  }

  #timeBefore(item) {
    const last = [...this.#items.values()].at(-1)?.item;
    const at = new Date(item.at);
    if (last && at - new Date(last.at) < apart) return null;
    return h("p.time-line", {}, h("time", { datetime: item.at }, dayAndTime(at, platformTime())));
  }

  // trim removes the oldest items from the document, so that a long conversation stays
  // as quick as a short one.
  #trim() {
    if (this.#items.size < mostShown) return;
    for (const [id, { element }] of [...this.#items].slice(0, mostShown / 3)) {
      while (element.previousElementSibling?.classList.contains("time-line")) element.previousElementSibling.remove();
      element.remove();
      this.#items.delete(id);
    }
    this.#setBefore(this.#items.keys().next().value);
  }
}

function stateOf(follower) {
  const words = [follower.following ? t("following") : t("notFollowing")];
  if (follower.blacklisted) words.push(t("blacklisted"));
  if (follower.refuses_messages) words.push(t("refusing"));
  for (const id of follower.tag_ids) words.push(`#${state.tags.find((tag) => tag.id === id)?.name ?? id}`);
  return words.join(" · ");
}
