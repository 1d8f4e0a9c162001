// A person at a browser: finds things by role and name, as they do, and counts what they have to do.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

const SHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
/** Every rule for WCAG 2.0 to 2.2, A and AA. Colour contrast is one of them and stays on. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/** Starts Chromium. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: !process.env.HEADED,
    // Chromium's own sandbox cannot start as root in a container.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
}

/** One person with a browser of their own: own storage, own cookies. */
export class Person {
  /** Clicks and key presses that decided something, since `startCounting`. */
  actions = 0;
  /** What the browser complained about. */
  complaints = [];
  /** Screens that axe looked at: name → violations. */
  audited = new Map();

  static async arrive(browser, options = {}) {
    const context = await browser.newContext({
      locale: "en-GB",
      viewport: { width: 412, height: 915 },
      colorScheme: "light",
      reducedMotion: "reduce",
      serviceWorkers: "allow",
      ...options,
    });
    context.setDefaultTimeout(20_000);
    const person = new Person();
    person.context = context;
    person.use(await context.newPage());
    return person;
  }

  /** Goes on in another tab. */
  use(page) {
    this.page = page;
    page.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`${page.url()}: ${error.message}`));
  }

  startCounting() {
    this.actions = 0;
  }

  /** Clicks something, by role and name. Counts one action. */
  async press(role, name, options = {}) {
    this.actions += 1;
    const found = (options.within ?? this.page).getByRole(role, { name, exact: typeof name === "string" });
    await (options.first ? found.first() : found).click();
  }

  /** Types into a field, by its label. */
  async type(label, text) {
    await this.page.getByLabel(label).first().fill(text);
  }

  /** Waits for the screen with this heading. */
  async sees(name) {
    try {
      await this.page.getByRole("heading", { level: 1, name }).waitFor();
    } catch {
      const shown = await this.page.locator("body").innerText();
      throw new Error(`expected the screen ${name}, at ${this.page.url()} there is:\n${shown.slice(0, 1500)}`);
    }
  }

  /** Looks closely: axe in both themes, a screenshot of each. Fails on any violation. */
  async looksAt(screen) {
    mkdirSync(SHOTS, { recursive: true });
    const wrong = [];
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await this.page.screenshot({ path: `${SHOTS}${screen}-${colorScheme}.png`, fullPage: true });
      const { violations } = await new AxeBuilder({ page: this.page }).withTags(TAGS).analyze();
      for (const { id, help, nodes: suspects } of violations) {
        const nodes = id === "target-size" ? await this.#stillSmall(suspects) : suspects;
        const places = nodes.map((node) => `\n    ${node.target.join(" ")}`).join("");
        if (nodes.length > 0) wrong.push(`${screen} (${colorScheme}): ${id}: ${help}${places}`);
      }
    }
    await this.page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    this.audited.set(screen, wrong.length);
    if (wrong.length > 0) throw new Error(`accessibility:\n${wrong.join("\n")}`);
  }

  /**
   * A control at the edge of the screen can be half under the main menu, where axe measures what is left of it. A person
   * scrolls; so look again with the control in the middle.
   */
  async #stillSmall(nodes) {
    const small = [];
    for (const node of nodes) {
      await this.page.locator(node.target.flat().join(" ")).evaluate((element) => element.scrollIntoView({ block: "center" }));
      const { violations } = await new AxeBuilder({ page: this.page }).include(node.target).withRules(["target-size"]).analyze();
      if (violations.length > 0) small.push(node);
    }
    await this.page.evaluate(() => scrollTo(0, 0));
    return small;
  }

  leave() {
    return this.context.close();
  }
}
