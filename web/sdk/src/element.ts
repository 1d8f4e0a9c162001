/**
 * `<request-consent>`: a button that becomes a short conversation with the person's wallet.
 *
 * It asks the service's own back end (attribute `endpoint`) for a request, opens or shows the link, and follows the
 * request to its end. It sets no cookies, stores nothing, and never sees what was shared.
 */
import { httpBackend } from "./backend";
import { Flow, type Snapshot } from "./flow";
import { ownPage } from "./link";
import { STYLE } from "./style";
import { type Texts, texts } from "./texts";
import type { ConsentState } from "./states";
import { el, type View, view } from "./view";

// A server that renders pages imports this, too, and has no elements.
const Element = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

export class RequestConsent extends Element {
  static readonly observedAttributes = ["lang", "label", "endpoint"];

  readonly #root: ShadowRoot;
  readonly #body = el("div");
  readonly #live = el("div", { role: "status", class: "live" });
  readonly #flow = new Flow(
    () => httpBackend(this.getAttribute("endpoint") ?? ""),
    (snapshot) => this.#changed(snapshot),
  );

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#body, this.#live);
  }

  /** What the element is showing now. */
  get state(): ConsentState {
    return this.#flow.snapshot.state;
  }

  connectedCallback(): void {
    this.#render(false);
    void this.#flow.resume();
  }

  disconnectedCallback(): void {
    // To move an element is to take it out and put it in again.
    queueMicrotask(() => this.isConnected || this.#flow.stop());
  }

  attributeChangedCallback(_name: string, before: string | null, now: string | null): void {
    // Pages set what is there already, too; that must not take a code away that somebody is typing.
    if (this.isConnected && before !== now) this.#render(false);
  }

  /** Begins as if the person had pressed the first button. */
  start(): void {
    this.#flow.ask();
  }

  /** Ends the request and goes back to the beginning. */
  cancel(): void {
    this.#flow.cancel();
  }

  #changed(snapshot: Snapshot): void {
    if (!this.isConnected) return;
    this.#render(this.#root.activeElement !== null);
    this.dispatchEvent(
      new CustomEvent("request-consent-state", { detail: { state: snapshot.state }, bubbles: true, composed: true }),
    );
    // The wallet opens at once on this device; the link stays, for when it did not.
    if (snapshot.state === "waiting" && snapshot.device === "same" && snapshot.request) {
      if (!this.#opened.has(snapshot.request.id)) {
        this.#opened.add(snapshot.request.id);
        location.assign(snapshot.request.link);
      }
    }
    const next = snapshot.state === "received" && snapshot.next ? ownPage(snapshot.next, location.origin) : undefined;
    if (next) location.assign(next);
  }

  readonly #opened = new Set<string>();

  #render(moveFocus: boolean): void {
    const words = this.#texts();
    const shown: View = view(this.#flow.snapshot, words, this.getAttribute("label") ?? words.ask, {
      ask: () => this.#flow.ask(),
      choose: (device) => void this.#flow.choose(device, this.getAttribute("template") ?? undefined),
      confirm: (code) => void this.#flow.confirm(code),
      cancel: () => this.#flow.cancel(),
      copy: () => void this.#copy(),
    });
    this.#body.replaceChildren(shown.node);
    this.#live.textContent = "";
    if (moveFocus) shown.focus.focus();
    else if (shown.announce) this.#live.append(el("span", { class: "hidden" }, shown.announce));
    // The whole code must be on the screen, for a camera to see it.
    if (shown.node.querySelector("img")) shown.node.scrollIntoView({ block: "nearest" });
    this.setAttribute("data-state", this.#flow.snapshot.state);
  }

  async #copy(): Promise<void> {
    const link = this.#flow.snapshot.request?.link;
    if (link === undefined) return;
    try {
      await navigator.clipboard.writeText(link);
      this.#live.textContent = this.#texts().copied;
    } catch {
      this.#live.textContent = link;
    }
  }

  #texts(): Texts {
    const source = this.closest("[lang]")?.getAttribute("lang") ?? navigator.language;
    return texts(source);
  }
}
