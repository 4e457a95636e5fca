// The log of calls and pushes: as many as the simulator keeps, newest first.

import { api } from "./api.js";
import { emitSoon } from "./store.js";

const pageSize = 1000;

/**
 * @typedef {object} Entry
 * @property {"call"|"push"} kind
 * @property {string} key unique among calls and pushes
 * @property {boolean} failed
 * @property {string} words what a search looks at, in lower case
 */

/** @type {Entry[]} oldest first */
let entries = [];
/** @type {Map<string, Entry>} the same by key */
const known = new Map();
let limit = 0; // entries that the simulator keeps
const slack = 500; // entries above the limit before the oldest are dropped

/** Returns the entries, newest first. */
export function allEntries() {
  return entries.toReversed();
}

/** Returns the entry with a key. */
export function entryOf(key) {
  return known.get(key);
}

/** Reads the whole log. */
export async function loadLog(limits) {
  limit = limits.calls + limits.pushes;
  const [calls, pushes] = await Promise.all([
    readAll(api.calls, "calls", (data) => entryFrom("call", data)),
    readAll(api.pushes, "pushes", (data) => entryFrom("push", data)),
  ]);
  entries = calls.concat(pushes).reverse().sort((a, b) => a.time - b.time);
  known.clear();
  for (const entry of entries) known.set(entry.key, entry);
  emitSoon("log");
}

async function readAll(read, name, convert) {
  const all = [];
  let after;
  do {
    const page = await read({ after, limit: pageSize });
    all.push(...page[name].map(convert));
    after = page.next;
  } while (after);
  return all;
}

/** Adds or updates the entry of a call or push. */
export function addEntry(kind, data) {
  const entry = entryFrom(kind, data);
  if (known.has(entry.key)) {
    entries[entries.findLastIndex((old) => old.key === entry.key)] = entry;
  } else {
    entries.push(entry);
  }
  known.set(entry.key, entry);
  if (entries.length > limit + slack) {
    for (const old of entries.splice(0, entries.length - limit)) known.delete(old.key);
  }
  emitSoon("log");
}

function entryFrom(kind, data) {
  const name = kind === "call" ? data.path : data.event ?? data.type;
  const failed = kind === "call" ? data.errcode !== 0 || data.status >= 400 : data.state === "done" && isFailed(data);
  const words = [name, data.method, data.from, data.errcode, data.errmsg, data.note?.code, data.request_id, data.msg_id, data.fault];
  return { ...data, kind, name, failed, key: `${kind}-${data.id}`, time: Date.parse(data.at), words: words.join(" ").toLowerCase() };
}

const harmless = new Set(["empty", "transferred"]); // reasons of a push that was accepted

function isFailed(push) {
  return push.blocked || push.pushes_paused || push.seen === "unavailable" || (push.note !== undefined && !harmless.has(push.note.code));
}
