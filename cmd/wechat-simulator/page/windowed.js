// A list of any length of which only the visible rows exist in the document.

import { h } from "./dom.js";

const spare = 6; // rows above and below the visible ones
let rows = 0; // created so far, for their IDs

/**
 * A list box with rows of the same height, for a mouse, a finger or a keyboard.
 *
 * @template T
 */
export class WindowedList {
  #items = [];
  #rows = new Map(); // visible rows by key: {item, element}
  #selected = "";
  #scheduled = false;
  #pressed = null; // the row that a click began on; it may move before the click ends
  #held = false; // whether new rows at the top wait until the pointer leaves
  #options;

  /**
   * @param {object} options
   * @param {string} options.label of the list, for screen readers
   * @param {number} options.height of a row in pixels
   * @param {(item: T) => string} options.key
   * @param {(item: T) => Array} options.row returns the content of a row
   * @param {(item: T) => void} options.onselect
   * @param {boolean} [options.anchored] keeps the rows in place, under the pointer too, when others are added at the top
   */
  constructor(options) {
    this.#options = options;
    this.space = h("div.windowed-space", { role: "presentation" });
    this.element = h("div.windowed", { role: "listbox", tabindex: "0", "aria-label": options.label }, this.space);
    this.element.addEventListener("scroll", () => this.#schedule(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#move(event));
    this.element.addEventListener("pointerdown", (event) => { this.#pressed = event.target.closest("[role=option]"); });
    this.element.addEventListener("click", (event) => {
      const row = this.#pressed ?? event.target.closest("[role=option]");
      this.#pressed = null;
      if (row) this.#choose(Number(row.dataset.index));
    });
    this.element.addEventListener("pointerleave", () => this.#release());
    new ResizeObserver(() => this.#schedule()).observe(this.element);
  }

  /** Shows other items. An item that changed must be another object. */
  show(items) {
    const { anchored, height } = this.#options;
    const added = items.length - this.#items.length;
    this.#items = items;
    this.#resize();
    if (anchored && added > 0 && (this.element.scrollTop > 0 || this.element.matches(":hover"))) {
      this.#held ||= this.element.scrollTop === 0;
      this.element.scrollTop += added * height;
    }
    this.#schedule();
  }

  #resize() {
    this.space.style.height = `${this.#items.length * this.#options.height}px`;
  }

  #release() {
    if (this.#held) this.element.scrollTop = 0;
    this.#held = false;
  }

  /** Marks the item with a key as selected and scrolls to it if asked to. */
  select(key, reveal = false) {
    this.#selected = key;
    if (reveal) this.#reveal(this.#items.findIndex((item) => this.#options.key(item) === key));
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#render();
    });
  }

  #render() {
    const { height, key } = this.#options;
    const first = Math.max(0, Math.floor(this.element.scrollTop / height) - spare);
    const last = Math.min(this.#items.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / height) + spare);
    const visible = new Map();
    for (let index = first; index < last; index++) {
      const item = this.#items[index];
      visible.set(key(item), this.#place(item, index));
    }
    for (const [rowKey, row] of this.#rows) {
      if (visible.get(rowKey)?.element !== row.element) row.element.remove();
    }
    this.#rows = visible;
    const active = visible.get(this.#selected);
    if (active) this.element.setAttribute("aria-activedescendant", active.element.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  #place(item, index) {
    const { height, key, row } = this.#options;
    const rowKey = key(item);
    let known = this.#rows.get(rowKey);
    if (known?.item !== item) {
      const element = h("div.row", { role: "option", id: `row-${++rows}` }, row(item));
      this.space.append(element);
      known = { item, element };
    }
    const { element } = known;
    element.style.transform = `translateY(${index * height}px)`;
    element.dataset.index = index;
    element.setAttribute("aria-selected", rowKey === this.#selected);
    element.setAttribute("aria-posinset", index + 1);
    element.setAttribute("aria-setsize", this.#items.length);
    return known;
  }

  #choose(index) {
    const item = this.#items[index];
    if (item === undefined) return;
    this.#selected = this.#options.key(item);
    this.#schedule();
    this.#options.onselect(item);
  }

  #move(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.#options.height) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const step = steps[event.key];
    if (step === undefined || this.#items.length === 0) return;
    event.preventDefault();
    const current = this.#items.findIndex((item) => this.#options.key(item) === this.#selected);
    const next = Math.min(this.#items.length - 1, Math.max(0, current + step));
    this.#reveal(next);
    this.#choose(next);
  }

  #reveal(index) {
    if (index < 0) return;
    const { height } = this.#options;
    const top = index * height;
    if (top < this.element.scrollTop) this.element.scrollTop = top;
    const bottom = top + height - this.element.clientHeight;
    if (bottom > this.element.scrollTop) this.element.scrollTop = bottom;
  }
}
