// What every screen shares: the vault's state, the language, where we are, and what waits to be opened.
import { tick } from "svelte";
import { type Language, loadTranslator, type MessageKey, pickLanguage, type Translator } from "@assent/ui/i18n";
import { EngineClient, EngineError, type WorkerNews } from "../engine/client";
import type { Assertion, Command } from "../engine/commands";
import type { Failure } from "../engine/messages";
import type { Questions, Reply } from "../engine/replies";
import type { AwaitedCard, ResultView, SettingsView, StatusView } from "../engine/views";
import { takeBack } from "../host/passkeys";
import { deviceName } from "../host/device-name";
import { applyTheme, lastUsed, lookedAt, preferences, type Theme } from "../host/preferences";
import { startWorker } from "../host/trusted-urls";
import { watchUpdates } from "../host/updates";
import { dropOld } from "../host/left-behind";
import { type Arrival, arrive, leftForCard, told, waitForCard } from "../host/sign-in";
import { type IncomingLink, incomingLink, signInAnswer } from "./links";
import { href, parseRoute, type Route, type ScreenName } from "./router";

type Phase = "starting" | "ready" | "busy" | "moved" | "broken";

/** Minutes without a touch until a vault that is being made is given up. Nothing is in it yet. */
const longestCreation = 60;

class App {
  phase = $state<Phase>("starting");
  status = $state.raw<StatusView>();
  failure = $state.raw<Failure>();
  route = $state.raw<Route>(parseRoute(location.hash));
  translator = $state.raw() as Translator;
  theme = $state<Theme>(preferences.theme);
  online = $state(navigator.onLine);
  announcement = $state("");
  /** An offer or request that opened this page and waits for the vault. */
  incoming = $state.raw<IncomingLink>();
  /** When somebody asked for emergency access to the open vault; 0 when nobody waits for it. */
  asked = $state(0);
  /** What an issuer sent the browser back with, until its cards are here. */
  answer = $state.raw<string>();
  /** Cards that come later, as last heard of them. */
  awaited = $state.raw<AwaitedCard[]>([]);
  /** What came of signing in to the vault service, until a screen takes it up. */
  arrival = $state.raw<Arrival>();
  /** Another tab took the vault. No state of a screen: one that goes because of it must be able to tell. */
  taken = false;
  /** What was typed on a screen that another tab ended, with where it was (draft.ts). */
  typed: { place: string; vault: string | undefined; fields: unknown } | undefined;
  /** A request that waits for a card that is being added. */
  resume = $state.raw<IncomingLink>();
  /** The code of a new device that was read on another screen. */
  pairingCode: string | undefined;
  /** The outcome the result screen shows. */
  result = $state.raw<ResultView>();
  /** True when that request came from another device. */
  resultElsewhere = false;
  /** True after the vault locked by itself. */
  lockedByItself = $state(false);
  /** The vault has new keys, made on another device: the person must unlock once more. */
  again = $state(false);
  /** Another device removed this one from the vault. */
  removed = $state(false);
  /** What is under way has begun to send something out. */
  sending = $state(false);
  /** The vault that is being made: its recovery code, and whether the person has written it down. */
  creation = $state.raw<{ code: string[]; written: boolean }>();
  /** Such a vault was lost, and its recovery code with it. */
  unfinishedLost = $state(false);
  /** Counts what other devices changed in the vault. Screens that show it load again. */
  changes = $state(0);
  /** What is wrong with the vault service, when it told something that cannot be true. */
  alarm = $state.raw<Failure>();
  installUpdate = $state.raw<() => void>();
  #engine: EngineClient | undefined;

  get t(): Translator["t"] {
    const translator = this.translator;
    return (key, ...parameters) => translator.t(key, ...parameters);
  }

  get isOpen(): boolean {
    return this.status?.state === "open";
  }

  /** True while something would be lost by starting the app again: a request, an offer, a vault or text in the making. */
  get inTheMiddle(): boolean {
    const { screen } = this.route;
    return this.incoming !== undefined || this.answer !== undefined || ["request", "offer", "result", "create", "open", "add", "stop", "detailedit", "way", "add-way", "device-add", "device-join", "document", "emergency", "rescue", "take-out", "bring-in"].includes(screen);
  }

  async start(): Promise<void> {
    // Before anything that takes time: what happens meanwhile is told once, and what came with the address must not stay in it.
    addEventListener("online", () => (this.online = true));
    addEventListener("offline", () => (this.online = false));
    addEventListener("hashchange", () => void this.takeIncoming());
    await this.takeIncoming();
    await this.#takeLeft();
    void dropOld();
    applyTheme(this.theme);
    await this.speak(preferences.language ?? pickLanguage(navigator.languages));
    // A click without a pointer comes from assistive technology. Who comes back to a vault that should have locked finds it locked.
    for (const type of ["pointerdown", "keydown", "click", "visibilitychange"]) addEventListener(type, this.#active, { passive: true });
    void watchUpdates((install) => {
      this.installUpdate = install;
      if (!this.inTheMiddle) this.announce(this.t("update.title"));
    });
    // Whoever comes from a service means to go on here, not in a tab left open somewhere.
    this.begin(this.incoming !== undefined || this.arrival !== undefined || this.answer !== undefined);
  }

  /** Starts a fresh worker, with no keys. */
  begin(takeOver: boolean): void {
    this.#engine?.terminate();
    this.phase = "starting";
    // What a screen showed of an open vault is gone; the history has it.
    if (this.route.screen === "result") this.go("home");
    this.result = undefined;
    this.announcement = "";
    this.alarm = undefined;
    this.taken = false;
    if (!takeOver) this.typed = undefined;
    this.asked = 0;
    this.awaited = [];
    this.again = false;
    // A new worker knows nothing of a vault that was not stored yet, and the passkey made for it opens nothing.
    if (this.creation || preferences.creating) this.unfinishedLost = true;
    if (preferences.creating && preferences.creating !== "yes") void takeBack(preferences.creating);
    this.creation = undefined;
    preferences.creating = undefined;
    this.#engine = new EngineClient(startWorker(), (news) => void this.#hear(news));
    this.#engine.begin(takeOver);
  }

  /** Asks the engine for something; rejects with an {@link EngineError}. */
  async call<C extends Command>(command: C): Promise<Reply<C["type"]>> {
    if (!this.#engine) throw new Error("no engine");
    this.sending = false;
    try {
      return await this.#engine.call(command);
    } catch (error) {
      this.#heed(failureOf(error));
      throw error;
    }
  }

  /** What another device did with this one: true when a screen of its own says so. */
  #heed({ code }: Failure): boolean {
    if (code === "vault-unlock-again") return (this.again = true);
    if (code !== "vault-device-removed") return false;
    this.again = false;
    this.removed = true;
    // The engine has forgotten the vault; the page follows.
    void this.call({ type: "status" }).then(
      ({ status }) => {
        this.status = status;
        this.go("home");
      },
      () => undefined,
    );
    return true;
  }

  /** What to ask passkeys: as the vault service has it, because other devices may have changed it; else as it is here. */
  async questions(address?: string, assertion?: Assertion): Promise<Questions> {
    const own = this.status?.vaultAddress;
    // An open vault hears of changes by itself.
    if (address === undefined && this.isOpen && !this.again) return this.call({ type: "unlockQuestions" });
    try {
      return await this.call({ type: "unlockQuestions", address: address ?? own, assertion });
    } catch (error) {
      if ((address !== undefined && address !== own) || this.removed) throw error;
      return this.call({ type: "unlockQuestions" });
    }
  }

  /** What a passkey signs so that the vault service knows it; nothing where it does not. */
  challenge(): Promise<string | undefined> {
    return this.call({ type: "passkeyChallenge" }).then(({ challenge }) => challenge, () => undefined);
  }

  /** The open vault's worker, for content on its way. */
  get engine(): EngineClient | undefined {
    return this.#engine;
  }

  /** Locks by ending the worker, and its memory with it. */
  lock(): void {
    this.begin(false);
    this.go("home");
  }

  /** Keeps the code of a new vault until the vault is stored. Writing it down takes as long as it takes. */
  creating(code: string[], passkey?: string): void {
    this.creation = { code, written: false };
    this.unfinishedLost = false;
    preferences.creating = passkey ?? "yes";
    this.#engine?.autoLock(longestCreation);
  }

  go(screen: ScreenName, id = ""): void {
    location.hash = href(screen, id);
  }

  /** Puts the focus where reading goes on, after what had it is gone: `place`, else the heading. Nobody is taken out of a field. */
  async land(place?: HTMLElement): Promise<void> {
    await tick();
    // Whoever types by now is somewhere else.
    if (typeof (document.activeElement as HTMLInputElement | null)?.selectionStart === "number") return;
    (place ?? document.querySelector<HTMLElement>("h1"))?.focus();
  }

  /** Puts the focus into the first field that is not right. */
  landOnError(): Promise<void> {
    return tick().then(() => document.querySelector<HTMLElement>("main [aria-invalid=true]")?.focus());
  }

  /** Says something to screen readers without moving the focus. */
  announce(text: string): void {
    // The same words again are said only when the text is another one.
    this.announcement = text === this.announcement ? `${text}\u00a0` : text;
  }

  async speak(language: Language, before?: () => void): Promise<void> {
    this.#wanted = language;
    const translator = await loadTranslator(language);
    // A late screen that is on now keeps its texts.
    if (this.#late) await translator.later();
    // Another one was chosen while this one was on its way.
    if (this.#wanted !== language) return;
    before?.();
    this.translator = translator;
    document.documentElement.lang = language;
  }

  #wanted: Language | undefined;
  #late = false;

  /** A screen or part that is loaded when somebody comes to it, with its texts. */
  async later<T>(coming: Promise<T>): Promise<T> {
    this.#late = true;
    const [loaded] = await Promise.all([coming, this.translator.later()]);
    return loaded;
  }

  /** Chooses a language here and, when the vault is open, for the vault. Nothing changes when its texts cannot be had. */
  async setLanguage(language: Language): Promise<void> {
    // Asked first, so that what the screens then ask for comes in the new language. Offline it is kept for this device.
    const keep = () => {
      preferences.language = language;
      if (this.isOpen) this.call({ type: "setSettings", language, theme: undefined, autoLockMinutes: undefined }).catch(() => undefined);
    };
    await this.speak(language, keep).catch(() => undefined);
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    preferences.theme = theme;
    applyTheme(theme);
  }

  /**
   * After unlocking: the vault's settings win over the device's, and what waited is opened. `name` is what the person calls
   * this device, when they were asked.
   */
  async opened(status: StatusView, name = ""): Promise<void> {
    const { settings } = await this.call({ type: "settings" });
    this.useSettings(settings);
    const language = this.translator.language;
    if (settings.language !== language) {
      // Without a connection the vault keeps its language for now; that must not keep anybody out.
      await this.call({ type: "setSettings", language, theme: undefined, autoLockMinutes: undefined }).catch(() => undefined);
    }
    this.lockedByItself = this.unfinishedLost = this.again = this.removed = false;
    preferences.creating = undefined;
    this.status = status;
    this.creation = undefined;
    void this.#noteUse().catch(() => undefined);
    // Without a connection it can wait until the next time.
    if (this.online) void this.call({ type: "registerDevice", name: name || deviceName() }).catch(() => undefined);
    if (this.answer) this.go("returned");
    else if (this.incoming) this.go(this.incoming.kind);
    else if (["create", "open", "device-join", "find", "rescue"].includes(this.route.screen)) this.go("home");
  }

  async #noteUse(): Promise<void> {
    const { methods } = await this.call({ type: "unlockMethods" });
    const used = methods.find((method) => method.unlockedWith);
    if (used) lastUsed.now(used.id);
  }

  useSettings(settings: SettingsView): void {
    this.#engine?.autoLock(settings.autoLockMinutes);
  }

  /** Moves a link, or an answer, out of the address bar, where history and screenshots would keep its one-time secrets. */
  async takeIncoming(): Promise<void> {
    const back = told(location.hash);
    const answer = back ? undefined : signInAnswer(location);
    const link = back || answer ? undefined : incomingLink(location);
    const show = (screen: ScreenName) => history.replaceState(null, "", `${location.pathname}${href(screen)}`);
    if (back) {
      show("find");
      this.arrival = await arrive(back);
      if (this.arrival.purpose === "link") show("sign-ins");
    } else if (answer) {
      this.answer = answer;
      show("returned");
    } else if (link) {
      this.incoming = link;
      show(link.kind);
    }
    this.route = parseRoute(location.hash);
  }

  /** Takes up what was left for a sign-in at an issuer: on the way back, also by the browser's own button. */
  async #takeLeft(): Promise<void> {
    const { screen } = this.route;
    if (this.incoming || !["returned", "offer"].includes(screen)) return;
    const left = await leftForCard();
    if (left?.offer) this.incoming = { kind: "offer", link: left.offer };
    this.resume = left?.resume;
    if (screen === "returned") this.answer ??= left?.answer;
    // An answer that nobody left for does not stay.
    if (left && this.answer) await waitForCard({ ...left, answer: this.answer });
  }

  /** A request was answered: on to what came of it, unless another link was opened meanwhile. The history has it as well. */
  answeredRequest(request: IncomingLink | undefined, result: ResultView, elsewhere: boolean): void {
    if (this.incoming !== request) return;
    this.result = result;
    this.resultElsewhere = elsewhere;
    this.incoming = this.resume = undefined;
    this.go("result");
  }

  /** What an issuer sent the browser back with was used, or is of no use. */
  async answered(): Promise<void> {
    this.answer = undefined;
    await leftForCard();
  }

  /** What came of signing in for this purpose; once. */
  takeArrival(purpose: Arrival["purpose"]): Arrival | undefined {
    const { arrival } = this;
    if (arrival?.purpose !== purpose) return undefined;
    this.arrival = undefined;
    return arrival;
  }

  /** What the vault service told the browser instead of the engine. Only codes have words of their own. */
  told(problem: string): EngineError {
    const code = /^sign-in-[a-z-]{1,40}$/.test(problem) ? problem : "sign-in-over";
    return new EngineError({ code, message: "", hint: "", blame: "you", wasAnythingShared: "no" });
  }

  async #hear(news: WorkerNews): Promise<void> {
    if (news.type === "ready") {
      try {
        this.status = (await this.call({ type: "status" })).status;
        this.phase = "ready";
        // A device that was removed must not keep the vault until somebody tries to open it.
        if (this.status.state === "locked" && this.online && lookedAt.longAgo()) void this.questions().catch(() => undefined);
      } catch (error) {
        this.failure = failureOf(error);
        this.phase = "broken";
      }
      return;
    }
    if (news.type === "changed") {
      this.alarm = undefined;
      this.changes += 1;
      return;
    }
    if (news.type === "asked") {
      this.asked = news.at;
      return;
    }
    if (news.type === "awaited") {
      this.awaited = news.awaited;
      if (news.cards.length === 0) return;
      this.changes += 1;
      return this.announce(this.t("offer.done", { count: news.cards.length }));
    }
    if (news.type === "sending") {
      this.sending = true;
      return;
    }
    if (news.type === "alarm") {
      // New keys from another device are no reason for alarm.
      if (!this.#heed(news.failure)) this.alarm = news.failure;
      return;
    }
    if (news.type === "locked") {
      // Where nothing was open nothing was locked.
      this.lockedByItself ||= this.isOpen;
      return this.begin(false);
    }
    if (news.type === "broken") this.failure = news.failure;
    this.taken = news.type === "moved";
    this.phase = news.type;
  }

  #lastActive = 0;
  #active = () => {
    // The clock may have been set back.
    if (Math.abs(Date.now() - this.#lastActive) < 10_000) return;
    this.#lastActive = Date.now();
    this.#engine?.active();
  };
}

/** What went wrong, for the screen, whatever was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof EngineError) return error.failure;
  return { code: "unexpected", message: "", hint: "", blame: "wallet", wasAnythingShared: "no" };
}

export const app = new App();
export type { MessageKey };
