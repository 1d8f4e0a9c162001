// Pages that only say something.
import { html } from "../html.mjs";
import { layout } from "./layout.mjs";

/** A title, a sentence and a way on. */
export function message({ words, language, path, title, text }) {
  const content = html`<p>${text}</p><p><a class="button" href="/">${words.tryAgain}</a></p>`;
  return layout({ words, language, title, path, content });
}

/** The code that somebody types where they started. */
export function codeToType({ words, language, code }) {
  const content = html`<p>${words.codeText}</p>
<p class="type"><span class="hidden">${[...code].join(" ")}</span><span aria-hidden="true">${code.slice(0, 3)} ${code.slice(3)}</span></p>
<p class="note"><strong>${words.codeNotYou}</strong> ${words.codeNotYouText}</p>`;
  return layout({ words, language, title: words.codeTitle, path: "/", content });
}

/** What the library does with details. */
export function privacy({ words, language }) {
  const content = html`<ul class="plain">${words.privacyItems.map((item) => html`<li>${item}</li>`)}</ul>`;
  return layout({ words, language, title: words.privacyTitle, path: "/privacy", content });
}
