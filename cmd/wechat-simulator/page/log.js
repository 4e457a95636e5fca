// The log of calls and pushes: as many as the simulator keeps, newest first.

import { api } from "./api.js";
import { emit } from "./store.js";

const pageSize = 1000;

/**
 * @typedef {object} Entry
 * @property {"call"|"push"} kind
 * @property {string} key unique among calls and pushes
 * @property {boolean} failed
 * @property {string} words what a search looks at, in lower case
 */

/** @type {Entry[]} newest first */
let entries = [];
const positions = new Set(); // keys of the entries
let limit = 20_000;

/** Returns the entries, newest first. */
export function allEntries() {
  return entries;
}

/** Returns the entry with a key. */
export function entryOf(key) {
  return entries.find((entry) => entry.key === key);
}

/** Reads the whole log. */
export async function loadLog(limits) {
  limit = (limits.calls ?? 10_000) + (limits.pushes ?? 10_000);
  const [calls, pushes] = await Promise.all([
    readAll(api.calls, "calls", (data) => entryFrom("call", data)),
    readAll(api.pushes, "pushes", (data) => entryFrom("push", data)),
  ]);
  entries = calls.concat(pushes).sort((a, b) => b.time - a.time);
  positions.clear();
  for (const entry of entries) positions.add(entry.key);
  emit("log");
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
  if (positions.has(entry.key)) {
    const index = entries.findIndex((known) => known.key === entry.key);
    entries[index] = entry;
  } else {
    entries.unshift(entry);
    positions.add(entry.key);
    for (const old of entries.splice(limit)) positions.delete(old.key);
  }
  emit("log", entry);
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
