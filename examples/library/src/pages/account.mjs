import { html } from "../html.mjs";
import { layout } from "./layout.mjs";

/** What the library has about this visitor: details, or nothing, or that they are gone. */
export function account({ words, language, visit, checked }) {
  const shared = visit?.account;
  const content = shared ? details(words, language, shared, checked) : nothing(words, language, visit?.ended);
  const title = shared ? words.accountTitle : visit?.ended ? words.goneTitle : words.accountTitle;
  return layout({ words, language, title, path: "/account", content, scripts: shared ? ["/assets/follow.js"] : [] });
}

/** A word for what the page shows, so that the page can notice a change. */
export const version = (visit) => (visit?.account ? `has-${visit.account.since}` : visit?.ended ? "gone" : "none");

function details(words, language, shared, checked) {
  const { facts } = shared;
  const rows = [
    [words.over16, facts.over16 ? words.yes : words.no],
    [words.city, facts.city],
    [words.email, facts.email ?? words.notShared],
  ];
  return html`<p class="${facts.over16 ? "good" : "note"}">${facts.over16 ? words.welcome : words.sorry}</p>
${checked ? "" : html`<p class="note">${words.unchecked}</p>`}
<table data-version="${version({ account: shared })}">
  <thead><tr><th scope="col">${words.detail}</th><th scope="col">${words.value}</th></tr></thead>
  <tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
</table>
<p>${words.since} ${date(shared.since, language)}. ${words.keepUntil} ${date(shared.keepUntil, language)}.</p>
<p><a href="/receipt" download="receipt.txt">${words.receipt}</a>. ${words.receiptText}</p>
<section aria-labelledby="stop" class="panel">
  <h2 id="stop">${words.stopTitle}</h2>
  <p>${words.stopText}</p>
</section>
<div role="status" id="changed"></div>`;
}

function nothing(words, language, ended) {
  if (!ended) return html`<p>${words.accountNone}</p><p><a href="/">${words.accountNoneText}</a></p>`;
  const why = ended.why === "time" ? words.goneTime : words.goneWithdrawn;
  return html`<p class="good">${why}</p><p>${words.goneAt} ${date(ended.at, language)}.</p>`;
}

function date(time, language) {
  // Day, month, year, as on the rest of the page.
  const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { dateStyle: "long", timeStyle: "short", timeZone: "Europe/Amsterdam" });
  const at = new Date(time);
  return html`<time datetime="${at.toISOString()}">${format.format(at)}</time>`;
}
