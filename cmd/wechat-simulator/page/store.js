// What the page knows about the simulator, and the topics that tell the panels of a
// change.

import { api } from "./api.js";
import { follow } from "./live.js";
import { addEntry, loadLog } from "./log.js";

/** The state of the simulator, of which the panels only read. */
export const state = {
  instance: "",
  seq: "0",
  connected: false,
  account: {},
  environment: {},
  callback: {},
  /** @type {Map<string, any>} by openid, in the order in which they were added */
  followers: new Map(),
  tags: [],
  tokens: [],
  tokensAt: 0, // when the tokens were read, by the clock of this machine
  faults: [],
  limits: {},
  templates: new Map(), // by ID
  clock: { ahead: 0 }, // milliseconds that the platform's clock is ahead of this machine's
  offset: 0, // seconds by which the clock was moved
  /** @type {Map<string, number>} messages that nobody has looked at, by openid */
  unread: new Map(),
  selected: sessionStorage.getItem("follower") ?? "",
};

const topics = new EventTarget();

/** Calls handler when something changes, until the signal aborts. */
export function on(topic, handler, signal) {
  topics.addEventListener(topic, (event) => handler(event.detail), { signal });
}

/** Tells the panels of a change. */
export function emit(topic, detail) {
  topics.dispatchEvent(new CustomEvent(topic, { detail }));
}

const waiting = new Set(); // topics of the next frame

/** Tells the panels of changes, once for all until the next frame. */
export function emitSoon(topic) {
  if (waiting.size === 0) {
    requestAnimationFrame(() => {
      const topics = [...waiting];
      waiting.clear();
      topics.forEach((topic) => emit(topic));
    });
  }
  waiting.add(topic);
}

/** Returns the time of the platform. */
export function platformTime() {
  return new Date(Date.now() + state.clock.ahead);
}

/** Selects a follower, whose chat is then shown. */
export function selectFollower(openid) {
  state.selected = openid;
  state.unread.delete(openid);
  sessionStorage.setItem("follower", openid);
  emit("selected", openid);
}

/** Returns the name under which the page lists a follower. */
export function nameOf(follower) {
  return follower.remark || follower.nickname || follower.openid;
}

/** Loads everything and follows what happens from then on. */
export async function start() {
  await load();
  follow(() => state.seq, receive, (connected) => {
    if (state.connected === connected) return;
    state.connected = connected;
    emit("connection", connected);
  });
}

let delayed = null; // events that arrive while everything is loaded, or null

// load reads everything. What happens meanwhile is applied afterwards, because the answers
// may not contain it.
async function load() {
  delayed = [];
  try {
    await read();
  } finally {
    const events = delayed;
    delayed = null;
    for (const event of events) receive(...event);
  }
}

async function read() {
  const snapshot = await api.state();
  const { instance, seq, account, environment, callback, tags, faults, limits } = snapshot;
  Object.assign(state, { instance, seq, account, environment, callback, tags, faults, limits });
  state.followers = new Map(snapshot.followers.map((f) => [f.openid, f]));
  setTokens(snapshot.tokens);
  setClock(snapshot.clock);
  if (!state.followers.has(state.selected)) state.selected = snapshot.followers[0]?.openid ?? "";
  await Promise.all([readTemplates(), loadLog(state.limits)]);
  emit("loaded");
}

/** Reads the templates of the account again. */
export async function readTemplates() {
  const found = await api.templates();
  state.templates = new Map([...found.templates, ...found.subscribe_templates].map((t) => [t.template_id, t]));
  return found;
}

function setClock(clock) {
  state.clock.ahead = new Date(clock.now) - Date.now();
  state.offset = clock.offset_s;
  emit("clock");
}

function setTokens(tokens) {
  state.tokens = tokens;
  state.tokensAt = Date.now();
  emit("tokens");
}

/** Reads whether pushes are paused, of which no event tells. */
async function readCallback() {
  state.callback = await api.callback();
  emit("callback");
}

const reloadPause = 1000; // milliseconds, so that a flood of events does not become one of requests
let reloading = false;
let stale = false; // whether something was missed since the last load began

/** Loads everything again after a pause, once for all who ask until then. */
async function reload(pause) {
  stale = true;
  if (reloading) return;
  reloading = true;
  for (let wait = pause; stale; wait = reloadPause) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    stale = false;
    await load().catch(() => { stale = true; });
  }
  reloading = false;
}

const receivers = {
  hello(data) {
    if (data.instance !== state.instance) reload(0);
  },
  reset: () => reload(0),
  resync: () => reload(reloadPause),
  call: (data) => addEntry("call", data),
  push(data) {
    addEntry("push", data);
    if (data.state !== "done" || data.blocked) return;
    const changed = state.callback.pushes_paused ? !data.pushes_paused : data.pushes_paused || data.seen === "unavailable";
    if (changed) readCallback().catch(() => {});
  },
  async message({ openid, item }) {
    const template = item.message?.template_id;
    if (template && !state.templates.has(template)) await readTemplates();
    const follower = state.followers.get(openid);
    if (follower) {
      const typing = follower.typing && item.from === "follower"; // a message ends it
      const last = { at: item.at, from: item.from, type: item.type, text: item.message?.content ?? item.event ?? "" };
      if (item.from !== "follower" && openid !== state.selected) state.unread.set(openid, (state.unread.get(openid) ?? 0) + 1);
      setFollower({ ...follower, last, typing });
    }
    emit("message", { openid, item });
  },
  follower(data) {
    if (data.removed) {
      state.followers.delete(data.removed);
      emitSoon("followers");
    } else {
      setFollower(data.follower);
    }
  },
  callback({ callback }) {
    state.callback = callback;
    emit("callback");
  },
  tokens: ({ tokens }) => setTokens(tokens),
  quota: () => emit("quota"),
  fault({ faults }) {
    state.faults = faults;
    emit("faults");
  },
  clock(data) {
    setClock(data);
    if (state.callback.pushes_paused) readCallback().catch(() => {});
  },
  tags({ tags }) {
    state.tags = tags;
    emitSoon("followers");
  },
  menu: () => emit("menu"),
  qrcode: () => emit("qrcode"),
  article: () => emit("article"),
  comment: (data) => emit("comment", data),
  typing(data) {
    setTyping(data.openid, data.typing);
    clearTimeout(typingEnds.get(data.openid));
    if (data.typing) typingEnds.set(data.openid, setTimeout(setTyping, typingLasts, data.openid, false));
  },
};

const typingLasts = 15_000; // milliseconds, unless a message comes first
const typingEnds = new Map(); // timers by openid

function setTyping(openid, typing) {
  const follower = state.followers.get(openid);
  if (follower && Boolean(follower.typing) !== typing) setFollower({ ...follower, typing });
}

function receive(name, data, id) {
  if (delayed) {
    delayed.push([name, data, id]);
    return;
  }
  if (id) state.seq = id;
  receivers[name](data);
}

function setFollower(follower) {
  state.followers.set(follower.openid, follower);
  emitSoon("followers");
}
