/** The element's content for each state, built from nodes: no markup from text, so nothing can be injected. */
import type { Device } from "./backend";
import type { Snapshot } from "./flow";
import type { Texts } from "./texts";

/** What the person can do. */
export interface Actions {
  ask(): void;
  choose(device: Device): void;
  confirm(code: string): void;
  cancel(): void;
  copy(): void;
}

/** What to show, where the focus goes after an action, and what a screen reader says when it changed by itself. */
export interface View {
  node: HTMLElement;
  focus: HTMLElement;
  announce: string;
}

/** A new element. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** The content for a state. */
export function view(snapshot: Snapshot, words: Texts, label: string, actions: Actions): View {
  const again = button(words.again, "main", () => actions.ask());
  const cancel = button(words.cancel, "quiet", () => actions.cancel());
  switch (snapshot.state) {
    case "idle": {
      const ask = button(label, "main", () => actions.ask());
      return { node: el("section", {}, ask), focus: ask, announce: "" };
    }
    case "choosing":
      return card(words.chooseTitle, words.chooseText, [], [
        button(words.same, "main", () => actions.choose("same")),
        button(words.other, "main", () => actions.choose("other")),
        cancel,
      ]);
    case "waiting":
      return waiting(snapshot, words, actions, cancel);
    case "in-progress":
      return card(words.progressTitle, words.progressText, [], [cancel]);
    case "confirming":
      return confirming(snapshot, words, actions, cancel);
    case "received":
      return card(words.receivedTitle, words.receivedText, [], []);
    case "declined":
      return card(words.declinedTitle, words.declinedText, [], [again]);
    case "expired":
      return card(words.expiredTitle, words.expiredText, [], [again]);
    case "error":
      return card(words.errorTitle, words.errorText, [], [again]);
  }
}

function waiting(snapshot: Snapshot, words: Texts, actions: Actions, cancel: HTMLElement): View {
  const request = snapshot.request;
  if (!request) {
    const shown = card(words.startTitle, words.startText, [], [cancel]);
    shown.node.setAttribute("aria-busy", "true");
    return shown;
  }
  if (snapshot.device === "same") {
    const open = el("a", { class: "button main", href: request.link }, words.open);
    return card(words.sameTitle, words.sameText, [], [open, cancel]);
  }
  const copy = button(words.copy, "", () => actions.copy());
  // An image, not inline SVG: a picture cannot run anything, whatever is in it.
  const picture =
    request.qrSvg === undefined
      ? []
      : [el("img", { alt: words.qr, src: `data:image/svg+xml,${encodeURIComponent(request.qrSvg)}`, width: "320", height: "320" })];
  return card(words.otherTitle, words.otherText, picture, [copy, cancel]);
}

/** The person types what the other device shows: whoever started here cannot do that for somebody else (§14.1). */
function confirming(snapshot: Snapshot, words: Texts, actions: Actions, cancel: HTMLElement): View {
  const hints = { autocomplete: "one-time-code", inputmode: "numeric", maxlength: "11", id: "code", required: "" };
  const input = el("input", { ...hints, ...(snapshot.wrongCode ? { "aria-invalid": "true", "aria-describedby": "wrong" } : {}) });
  const form = el("form", { novalidate: "" }, el("label", { for: "code" }, words.confirmLabel), input);
  if (snapshot.wrongCode) form.append(el("p", { id: "wrong", class: "wrong" }, words.confirmWrong));
  form.append(el("div", { class: "actions" }, el("button", { type: "submit", class: "main" }, words.confirm), cancel));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const code = input.value.replace(/\D/g, "");
    if (code === "") input.focus();
    else actions.confirm(code);
  });
  const shown = card(words.confirmTitle, words.confirmText, [form], []);
  return snapshot.wrongCode ? { ...shown, focus: input, announce: words.confirmWrong } : shown;
}

function card(title: string, text: string, content: Node[], buttons: HTMLElement[]): View {
  const heading = el("p", { class: "title", tabindex: "-1", id: "title" }, title);
  const paragraph = el("p", { class: "text", id: "text" }, text);
  heading.setAttribute("aria-describedby", "text");
  const node = el("section", { class: "card", "aria-labelledby": "title" }, heading, paragraph, ...content);
  if (buttons.length > 0) node.append(el("div", { class: "actions" }, ...buttons));
  return { node, focus: heading, announce: `${title}. ${text}` };
}

function button(text: string, look: string, action: () => void): HTMLButtonElement {
  const node = el("button", { type: "button", class: look }, text);
  node.addEventListener("click", action);
  return node;
}
