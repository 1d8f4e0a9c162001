// Markup from templates. Every inserted value is escaped, unless it is markup made here.

class Markup {
  constructor(text) {
    this.text = text;
  }
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** html`<p>${value}</p>`: the value is escaped; lists are joined; `undefined` and `false` are nothing. */
export function html(pieces, ...values) {
  return new Markup(pieces.reduce((text, piece, index) => text + show(values[index - 1]) + piece));
}

function show(value) {
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(show).join("");
  if (value === undefined || value === false || value === null) return "";
  return String(value).replace(/[&<>"']/g, (character) => ESCAPES[character]);
}

/** The finished page as text. */
export const page = (markup) => `<!doctype html>\n${markup.text}`;
