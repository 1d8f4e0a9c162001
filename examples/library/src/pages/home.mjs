import { html } from "../html.mjs";
import { layout } from "./layout.mjs";

const FILMS = ["De lange winter", "Harbour Lights", "Zeven bruggen", "The Quiet Orchard"];

/** The page that asks. */
export function home({ words, language }) {
  return layout({
    words,
    language,
    title: words.homeTitle,
    path: "/",
    scripts: ["/assets/request-consent.js"],
    content: html`<p class="lead">${words.homeLead}</p>
<section aria-labelledby="ask" class="panel">
  <h2 id="ask">${words.weAsk}</h2>
  <ul><li>${words.ask16}</li><li>${words.askCity}</li><li>${words.askEmail}</li></ul>
  <p>${words.weKeep}</p>
  <request-consent endpoint="/consent" lang="${language}" label="${words.button}">
    <form method="post" action="/start"><button type="submit">${words.noScript}</button></form>
  </request-consent>
</section>
<section aria-labelledby="shelf">
  <h2 id="shelf">${words.shelfTitle}</h2>
  <ul class="shelf">${FILMS.map((film) => html`<li><span class="age">16+</span> <cite>${film}</cite></li>`)}</ul>
</section>`,
  });
}
