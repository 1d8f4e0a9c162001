// A person without a mouse: everything by Tab, Enter, Space and typing, looking each time where the focus is.

import { until } from "./stack.mjs";

/** Runs in the page: what has the focus, also inside a shadow tree. */
const LOOK = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  if (!element || element === document.body) return undefined;
  // A control may leave its drawing to its label: the file picker does.
  const hosts = [element, element.closest("label")].filter((host) => host !== null);
  const clear = (colour) => colour === "transparent" || /,\s*0\)$/.test(colour);
  const indicated = hosts.some((host) => {
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(host);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && !clear(outlineColor);
  });
  const inSight = hosts.some((host) => {
    const box = host.getBoundingClientRect();
    const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.2], [0.5, 0.8]];
    return points.some(([x, y]) => {
      const hit = host.getRootNode().elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return hit !== null && (host === hit || host.contains(hit));
    });
  });
  const name = (element.labels?.[0] ?? element).textContent.trim().replace(/\s+/g, " ") || element.getAttribute("aria-label");
  window.reached ??= new WeakMap();
  if (!window.reached.has(element)) window.reached.set(element, (window.reachedCount = (window.reachedCount ?? 0) + 1));
  return { what: `${element.localName} “${name?.slice(0, 60)}”`, id: window.reached.get(element), indicated, inSight };
};

/** Runs in the page: how many controls a keyboard must be able to reach. */
const COUNT = () =>
  [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
    (element) =>
      !element.disabled &&
      element.tabIndex >= 0 &&
      element.checkVisibility({ visibilityProperty: true }) &&
      // One stop for a group of radio buttons: the chosen one.
      !(element.type === "radio" && !element.checked),
  ).length;

export class Keyboard {
  /** Controls looked at so far. */
  looked = 0;

  constructor(person) {
    this.person = person;
  }

  get #page() {
    return this.person.page;
  }

  /** Presses Tab (or Shift+Tab) once and looks: what has the focus must show it, and must not be covered. */
  async step(key = "Tab") {
    await this.#page.keyboard.press(key);
    const focus = await this.#page.evaluate(LOOK);
    // Between the end of the page and its beginning, the focus is in the browser's own bars.
    if (!focus) return undefined;
    this.looked += 1;
    if (!focus.indicated) throw new Error(`no visible focus on ${focus.what} at ${this.#page.url()}`);
    if (!focus.inSight) throw new Error(`the focus is out of sight on ${focus.what} at ${this.#page.url()}`);
    return focus;
  }

  /** Tabs to a control, by role and name. Says what it met when it does not get there. */
  async to(role, name, { first = false, key = "Tab" } = {}) {
    const all = this.#page.getByRole(role, name === undefined ? {} : { name });
    return this.#reach(first ? all.first() : all, `${role} ${name ?? ""}`, key);
  }

  /** Tabs to a field, by its label. */
  async toField(label) {
    return this.#reach(this.#page.getByLabel(label).first(), `field ${label}`, "Tab");
  }

  async #reach(locator, what, key) {
    await locator.waitFor();
    const met = [];
    for (let presses = 0; presses < 80; presses += 1) {
      const focus = await this.step(key);
      if (await locator.evaluate((element) => element.getRootNode().activeElement === element)) return locator;
      met.push(focus?.what ?? "(the browser)");
    }
    throw new Error(`${key} does not reach ${what} at ${this.#page.url()}; it met:\n${[...new Set(met)].join("\n")}`);
  }

  /** Waits until something in the page has the focus again: whoever pressed something that went must not begin at the top. */
  async holds(what) {
    await until(`the focus after ${what}`, () => this.#page.evaluate(() => document.activeElement !== document.body));
  }

  async press(key) {
    await this.#page.keyboard.press(key);
  }

  async type(text) {
    await this.#page.keyboard.type(text);
  }

  /** Pastes, as Ctrl+V would. */
  async paste(text) {
    await this.#page.keyboard.insertText(text);
  }

  /** Goes all round the screen, forwards and backwards: every control is met, so nothing holds the focus. */
  async goesRound(screen) {
    await this.person.settles();
    const controls = await this.#page.evaluate(COUNT);
    if (controls === 0) throw new Error(`${screen}: no controls`);
    for (const key of ["Tab", "Shift+Tab"]) {
      const met = new Map();
      for (let presses = 0; presses < 2 * controls + 4 && met.size < controls; presses += 1) {
        const focus = await this.step(key);
        if (focus) met.set(focus.id, focus.what);
      }
      if (met.size < controls) {
        throw new Error(`${screen}: ${key} met ${met.size} of ${controls} controls:\n${[...met.values()].join("\n")}`);
      }
      const last = [...met.keys()].at(-1);
      if (controls > 1 && (await this.step(key))?.id === last) throw new Error(`${screen}: ${key} cannot leave ${met.get(last)}`);
    }
  }
}
