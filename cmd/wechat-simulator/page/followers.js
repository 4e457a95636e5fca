// The list of followers and their profiles.

import { api } from "./api.js";
import { append, avatar, field, h, icon, openDialog, select, valuesOf } from "./dom.js";
import { attempt } from "./feedback.js";
import { dayAndTime } from "./format.js";
import { nameOf, on, platformTime, selectFollower, state } from "./store.js";
import { t } from "./strings.js";
import { WindowedList } from "./windowed.js";

const rowHeight = 64;

/** Returns the panel with all followers. */
export function followersPanel(signal) {
  const list = new WindowedList({
    label: t("followers"), height: rowHeight, key: (f) => f.openid, row: rowOf,
    onselect: (f) => selectFollower(f.openid),
  });
  const search = h("input", { type: "search", placeholder: t("searchFollowers"), "aria-label": t("searchFollowers"), id: "follower-search" });
  const count = h("p.count", { role: "status" });
  const show = () => {
    const words = search.value.trim().toLowerCase();
    const all = [...state.followers.values()];
    const found = words === "" ? all : all.filter((f) => wordsOf(f).includes(words));
    count.textContent = words === "" ? t("followerCount", all.length) : t("foundCount", found.length, all.length);
    list.show(found.map(withUnread));
  };
  search.addEventListener("input", show);
  const reveal = () => list.select(state.selected, true);
  on("followers", show, signal);
  on("loaded", () => { show(); reveal(); }, signal);
  on("selected", () => { show(); list.select(state.selected); }, signal);
  show();
  reveal();
  return h("section.panel.followers", { "aria-label": t("followers") },
    h("div.panel-head", {},
      h("div.search-box", {}, icon("search"), search),
      h("button.icon-button", { "aria-label": t("addFollower"), title: t("addFollower"), id: "add-follower", onclick: addFollower }, icon("plus"))),
    list.element, count);
}

// The rows show the number of unread messages too, so a change of it is a change of the
// item.
const shown = new WeakMap();

function withUnread(follower) {
  const unread = state.unread.get(follower.openid) ?? 0;
  const known = shown.get(follower);
  if (known?.unread === unread) return known;
  const item = { ...follower, unread };
  shown.set(follower, item);
  return item;
}

function wordsOf(f) {
  const tags = f.tag_ids.map((id) => state.tags.find((tag) => tag.id === id)?.name);
  return [f.openid, f.nickname, f.remark, ...tags].join(" ").toLowerCase();
}

function rowOf(f) {
  const name = nameOf(f);
  const last = f.last;
  return [
    avatar(name, f.openid),
    h("span.row-main", {}, h("span.row-title", {}, name), h("span.row-text", {}, f.typing ? t("typing") : previewOf(f))),
    h("span.row-side", {},
      last && h("time", {}, dayAndTime(new Date(last.at), platformTime())),
      f.unread > 0 && h("span.badge", { "aria-label": t("unread", f.unread) }, f.unread > 99 ? "99+" : String(f.unread))),
  ];
}

function previewOf(f) {
  if (!f.following) return t("notFollowing");
  if (f.blacklisted) return t("blacklisted");
  if (!f.last) return t("noMessages");
  const { type, text } = f.last;
  if (type === "text") return text;
  return type === "event" ? t(`event.${text}`) : `[${t(`type.${type}`)}]`;
}

/** Opens the dialog that adds a follower. */
export function addFollower() {
  openDialog(t("addFollower"), (close) => profileForm({ following: true, tag_ids: [], language: "zh_CN", client_platform: "1" }, true, async (profile) => {
    const added = await attempt(() => api.addFollower(profile));
    if (!added) return;
    close();
    selectFollower(added.openid);
  }), t("close"));
}

/** Opens the dialog that edits the profile of a follower. */
export function editFollower(follower) {
  openDialog(t("editProfile"), (close) => profileForm(follower, false, async (profile) => {
    if (await attempt(() => api.editFollower(follower.openid, profile))) close();
  }), t("close"));
}

function profileForm(f, isNew, save) {
  const tags = h("fieldset.tags", {}, h("legend", {}, t("tags")), state.tags.length === 0 && h("p.hint", {}, t("noTags")),
    state.tags.map((tag) => h("label.check", {},
      h("input", { type: "checkbox", name: "tag", value: tag.id, checked: f.tag_ids.includes(tag.id) }), tag.name)));
  const form = h("form.form", {},
    isNew && field("OpenID", h("input", { name: "openid", placeholder: t("random"), autocomplete: "off" })),
    field(t("nickname"), h("input", { name: "nickname", value: f.nickname ?? "", autocomplete: "off" })),
    field(t("remark"), h("input", { name: "remark", value: f.remark ?? "", autocomplete: "off" }), t("remarkHint")),
    h("div.field-pair", {},
      field(t("appLanguage"), select("language", [["zh_CN", "zh_CN 简体中文"], ["zh_TW", "zh_TW 繁體中文"], ["en", "en English"]], f.language || "zh_CN")),
      field(t("device"), select("client_platform", [["1", "iOS"], ["2", "Android"], ["3", t("otherDevice")]], f.client_platform || "3"))),
    tags,
    isNew
      ? h("label.check", {}, h("input", { type: "checkbox", name: "not_following" }), t("addAsStranger"))
      : h("label.check", {}, h("input", { type: "checkbox", name: "refuses_messages", checked: f.refuses_messages }), t("refusesMessages")),
    h("div.form-end", {}, h("button.primary", { type: "submit" }, isNew ? t("add") : t("save"))));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { tag: _, openid, not_following: stranger, refuses_messages: refuses, ...profile } = valuesOf(form);
    profile.tag_ids = new FormData(form).getAll("tag").map(Number);
    if (isNew) save({ ...profile, openid, not_following: stranger === "on" });
    else save({ ...profile, refuses_messages: refuses === "on" });
  });
  return form;
}

/** Returns the buttons that concern the selected follower. */
export function followerActions(follower) {
  const openid = follower.openid;
  const box = h("div.actions");
  append(box, follower.following
    ? h("button", { id: "unsubscribe", onclick: () => attempt(() => api.act(openid, { event: "unsubscribe" })) }, t("unsubscribe"))
    : h("button.primary", { id: "subscribe", onclick: () => attempt(() => api.act(openid, { event: "subscribe" })) }, t("subscribe")));
  return box;
}
