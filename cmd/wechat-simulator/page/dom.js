// Building blocks of the page. Nothing here parses HTML: text that programs send only
// ever becomes the text of an element.

const svgNamespace = "http://www.w3.org/2000/svg";

/**
 * Creates an element. A property that begins with "on" is a listener, a boolean sets or
 * omits an attribute, and null omits it.
 *
 * @param {string} selector tag and classes, such as "button.primary"
 * @param {Record<string, any>} [properties]
 * @param {...(Node|string|null|undefined|false|Array)} children
 * @returns {HTMLElement}
 */
export function h(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.classList.add(...classes);
  if (tag === "button") element.type = "button";
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  append(element, children);
  return element;
}

/** Appends children to an element; null and false are skipped, arrays are flattened. */
export function append(element, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Replaces the children of an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

// The icons are drawn for this page, on a grid of 24.
const icons = {
  plus: "M12 5v14M5 12h14",
  search: "M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM15.5 15.5 20 20",
  menu: "M4 7h16M4 12h16M4 17h16",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  send: "M4 12 20 4l-5 16-3-7z",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  voice: "M12 4a3 3 0 0 1 3 3v4a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3",
  video: "M3 7h12v10H3zM15 11l6-4v10l-6-4z",
  place: "M12 21c-4-5-6-8-6-11a6 6 0 0 1 12 0c0 3-2 6-6 11zM12 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  bell: "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  key: "M8 16a4 4 0 1 1 3.5-6H21v4h-3v2h-3v-2h-3.5A4 4 0 0 1 8 16z",
  out: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  close: "M6 6l12 12M18 6 6 18",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  music: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  app: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM9 14a2 2 0 1 0 3-2V9a2 2 0 1 1 3 1",
  card: "M3 6h18v12H3zM3 10h18",
  info: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8h.01",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
};

/** Returns an icon, which screen readers skip: whatever carries it has a label. */
export function icon(name) {
  const svg = document.createElementNS(svgNamespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svgNamespace, "path");
  path.setAttribute("d", icons[name]);
  svg.append(path);
  return svg;
}

/** Returns a button that shows only an icon. */
export function iconButton(name, label, onclick, properties = {}) {
  return h("button.icon-button", { "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

/** Returns a labeled control of a form. */
export function field(label, control, hint) {
  return h("label.field", {}, h("span.field-label", {}, label), control, hint && h("span.hint", {}, hint));
}

/** Returns a select with [value, label] pairs. */
export function select(name, options, value) {
  const element = h("select", { name }, options.map(([v, label]) => h("option", { value: v }, label)));
  if (value !== undefined) element.value = value;
  return element;
}

/** Returns the URL if it is safe to open, or null. */
export function safeURL(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? url : null;
  } catch {
    return null;
  }
}

/** Returns a square with the first character of a name. */
export function avatar(name, seed) {
  let hash = 0;
  for (const c of seed) hash = (hash * 31 + c.codePointAt(0)) >>> 0;
  return h(`span.avatar.tint-${hash % 8}`, { "aria-hidden": "true" }, [...name.trim()][0]?.toUpperCase() ?? "·");
}

/**
 * Opens a modal dialog, which closes with Escape and gives the focus back. build receives
 * a function that closes it.
 *
 * @param {string} title
 * @param {(close: () => void) => any} build returns the content
 * @param {string} closeLabel
 */
export function openDialog(title, build, closeLabel) {
  const dialog = h("dialog", { "aria-label": title });
  const close = () => dialog.close();
  append(dialog, h("header.dialog-head", {}, h("h2", {}, title), iconButton("close", closeLabel, close)), h("div.dialog-body", {}, build(close)));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Returns the values of a form by name. */
export function valuesOf(form) {
  return Object.fromEntries(new FormData(form));
}
