// Why a follower saw what they saw, and what helps.

import { api } from "./api.js";
import { h, icon } from "./dom.js";
import { attempt } from "./feedback.js";
import { noteText, t } from "./strings.js";

const pause = 60; // seconds for which the platform pauses pushes

/**
 * Returns a note.
 *
 * @param {string} selector
 * @param {import("./strings.js").Note} note
 * @param {...any} more follows the words
 */
export function noteElement(selector, note, ...more) {
  return h(selector, { "data-code": note.code, "aria-label": t("reason") }, icon("info"),
    h("p", {}, noteText(note), note.code === "pushes_paused" && endOfPause(), more));
}

/** Returns a button that ends a pause of pushes. */
export function endOfPause() {
  return h("button.link", { onclick: () => attempt(() => api.advanceClock(pause + 1)) }, t("endPause"));
}

/** Returns the line with what was wrong with the last failed delivery, or null. */
export function errorLine(push) {
  const failed = push.deliveries.findLast((delivery) => delivery.error);
  return failed ? h("small.note-error", {}, failed.error) : null;
}
