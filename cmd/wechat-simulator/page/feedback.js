// What the page says about an action: a line that goes away by itself, and copies.

import { APIError } from "./api.js";
import { fill, h, openDialog } from "./dom.js";
import { noteText, t } from "./strings.js";

const shownFor = 6000; // milliseconds
const region = h("div.toasts", { role: "status", "aria-live": "polite" });
document.body.append(region);

/** Shows a line for some seconds. */
export function say(text, kind = "info") {
  const line = h(`p.toast.toast-${kind}`, {}, text);
  region.append(line);
  setTimeout(() => line.remove(), shownFor);
}

/** Returns what went wrong, in the language of the page if the simulator says so. */
export function reasonOf(error) {
  if (error instanceof APIError) return error.reason ? noteText(error.reason) : error.message;
  return t("noSimulator");
}

/** Runs an action and shows what went wrong. It returns undefined if something did. */
export async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    say(reasonOf(error), "error");
    return undefined;
  }
}

/** Copies a text, or shows it where the browser does not let the page copy. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(t("copied"));
  } catch {
    openDialog(t("copyByHand"), () => {
      const area = h("textarea.snippet", { readonly: true, rows: "16", "aria-label": t("copyByHand") });
      area.value = text;
      setTimeout(() => area.select());
      return area;
    }, t("close"));
  }
}

/** Fills a region with the outcome of an action. */
export function report(element, kind, content) {
  element.className = `outcome outcome-${kind}`;
  fill(element, content);
}
