// A person at a browser: finds things by role and name, as they do, and counts what they have to do.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

const SHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));
/** Every rule for WCAG 2.0 to 2.2, A and AA. Colour contrast is one of them and stays on. */
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

/**
 * Starts Chromium. `camera` is a film (Y4M) that its camera shows; `allowed` says what the person answers when the
 * browser asks for the camera.
 */
export function launch({ camera, allowed = true } = {}) {
  const answer = allowed ? "--use-fake-ui-for-media-stream" : "--deny-permission-prompts";
  const film = camera ? ["--use-fake-device-for-media-stream", answer, `--use-file-for-fake-video-capture=${camera}`] : [];
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: !process.env.HEADED,
    // Chromium's own sandbox cannot start as root in a container.
    args: [...(process.getuid?.() === 0 ? ["--no-sandbox"] : []), ...film],
  });
}

/** How many times slower pages are than this machine makes them: `E2E_SLOW=6` shows what a busy machine or an old phone does. */
const SLOWER = Number(process.env.E2E_SLOW ?? 1);

async function slowDown(page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
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
    context.setDefaultTimeout(40_000);
    if (SLOWER > 1) context.on("page", (page) => void slowDown(page).catch(() => undefined));
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
    // Someone who listens from the start: file pickers that open just when a test begins to wait are given to it, too.
    page.on("filechooser", () => undefined);
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

  /**
   * Looks closely: axe in both themes, a screenshot of each and of a wide screen, and whether everything fits on a screen
   * of 320 pixels. Fails on any violation.
   */
  async looksAt(screen) {
    await this.settles();
    const wrong = [];
    const usual = this.page.viewportSize();
    for (const colorScheme of ["light", "dark"]) {
      await this.#show({ colorScheme }, usual);
      // As high as its content: axe measures what is on the screen, and a person scrolls.
      await this.page.setViewportSize({ ...usual, height: Math.max(usual.height, await this.#height()) });
      await this.shot(`${screen}-${colorScheme}`);
      const { violations } = await new AxeBuilder({ page: this.page }).withTags(TAGS).analyze();
      for (const { id, help, nodes } of violations) {
        const places = nodes.map((node) => `\n    ${node.target.join(" ")}`).join("");
        wrong.push(`${screen} (${colorScheme}): ${id}: ${help}${places}`);
      }
    }
    await this.#show({ colorScheme: "light" }, { width: 1280, height: 860 });
    await this.shot(`${screen}-wide`);
    wrong.push(...(await this.#spills(screen)));
    await this.#show({ colorScheme: "light" }, usual);
    this.audited.set(screen, wrong.length);
    if (wrong.length > 0) throw new Error(`accessibility:\n${wrong.join("\n")}`);
  }

  /** What comes late moves what is there. A screen that still waits after a while is looked at as it waits. */
  async settles() {
    await this.page.locator(".waiting").first().waitFor({ state: "detached", timeout: 10_000 }).catch(() => undefined);
  }

  /** A picture of the whole page, to look at. */
  async shot(name) {
    mkdirSync(SHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SHOTS}${name}.png`, fullPage: true });
  }

  /** WCAG 2.2, 1.4.10: a window of 1280 by 1024 at 400 % has 320 by 256; nothing may need two directions of scrolling. */
  async #spills(screen) {
    await this.#show({ colorScheme: "light" }, { width: 320, height: 256 });
    const wide = await this.page.evaluate(() => {
      const outside = [...document.querySelectorAll("body *")].filter((element) => {
        const { left, right, width } = element.getBoundingClientRect();
        return width > 1 && (right > innerWidth + 1 || left < -1) && !element.closest("svg, .hidden-visually, .hidden, .skip");
      });
      return { spills: document.documentElement.scrollWidth > innerWidth, outside: outside.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)) };
    });
    return wide.spills ? [`${screen}: wider than 320 pixels:\n    ${wide.outside.join("\n    ")}`] : [];
  }

  async #show(media, viewport) {
    await this.page.emulateMedia({ reducedMotion: "reduce", ...media });
    await this.page.setViewportSize(viewport);
    await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  }

  #height() {
    return this.page.evaluate(() => Math.min(8000, Math.ceil(document.documentElement.scrollHeight)));
  }

  async leave() {
    // What stands between this browser and the server may just have something in hand; that is no fault of the test.
    await this.context.unrouteAll({ behavior: "ignoreErrors" });
    await this.context.close();
  }
}
