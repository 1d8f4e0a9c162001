// Pages that only say something.
import { html } from "../html.mjs";
import { layout } from "./layout.mjs";

/** A title, a sentence and a way on. */
export function message({ words, language, path, title, text }) {
  const content = html`<p>${text}</p><p><a class="button" href="/">${words.tryAgain}</a></p>`;
  return layout({ words, language, title, path, content });
}

/** What the library does with details. */
export function privacy({ words, language }) {
  const content = html`<ul class="plain">${words.privacyItems.map((item) => html`<li>${item}</li>`)}</ul>`;
  return layout({ words, language, title: words.privacyTitle, path: "/privacy", content });
}
