/** The element's look. Services set the custom properties; everything else follows the page. */

export const STYLE = `
:host { display: block; font: inherit; color: inherit;
  --_accent: var(--request-consent-accent, #0b57a4); --_on-accent: var(--request-consent-on-accent, #fff);
  --_line: var(--request-consent-line, #6b7280); --_radius: var(--request-consent-radius, 0.5rem); }
@media (prefers-color-scheme: dark) {
  :host { --_accent: var(--request-consent-accent, #8ec5ff); --_on-accent: var(--request-consent-on-accent, #06203c);
    --_line: var(--request-consent-line, #9ca3af); } }
:host([hidden]) { display: none; }
section { max-inline-size: 30rem; }
section.card { border: 1px solid var(--_line); border-radius: var(--_radius); padding: 1rem 1.25rem 1.25rem; }
.title { font-size: 1.2em; font-weight: 650; margin: 0 0 0.25rem; outline-offset: 0.25rem; }
.text { margin: 0 0 1rem; line-height: 1.5; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
button, a.button { font: inherit; font-weight: 600; min-block-size: 2.75rem; padding: 0.6rem 1.1rem; border-radius: var(--_radius);
  border: 2px solid var(--_accent); background: transparent; color: var(--_accent); cursor: pointer; text-decoration: none;
  box-sizing: border-box; display: inline-flex; align-items: center; justify-content: center; }
button.main, a.main { background: var(--_accent); color: var(--_on-accent); }
button.quiet { border-color: transparent; text-decoration: underline; text-underline-offset: 0.2em; }
button:hover, a.button:hover { text-decoration: underline; text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid currentColor; outline-offset: 3px; }
button.main:focus-visible, a.main:focus-visible { outline-color: var(--_accent); }
label { display: block; font-weight: 600; }
input { font: inherit; color: inherit; background: transparent; font-size: 1.25em; letter-spacing: 0.15em; min-block-size: 2.75rem;
  inline-size: min(100%, 12rem); box-sizing: border-box; padding: 0.5rem 0.75rem; border: 2px solid var(--_line);
  border-radius: var(--_radius); margin: 0.25rem 0 1rem; }
input[aria-invalid] { border-width: 3px; }
.wrong { font-weight: 600; margin: -0.5rem 0 1rem; }
.hidden { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
img { display: block; background: #fff; border-radius: var(--_radius); inline-size: min(100%, 20rem);
  block-size: auto; box-sizing: border-box; margin: 0 0 1rem; }
`;
