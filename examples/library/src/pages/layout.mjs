import { html, page } from "../html.mjs";

/** The frame around every page. `scripts` are modules of this site. */
export function layout({ words, language, title, path, content, scripts = [] }) {
  const other = language === "en" ? "nl" : "en";
  const here = (to) => (to === path ? html` aria-current="page"` : "");
  return page(html`<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – ${words.name}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
${scripts.map((source) => html`<script type="module" src="${source}"></script>`)}
</head>
<body>
<a class="skip" href="#content">${words.skip}</a>
<header>
  <p class="name"><a href="/">${words.name}</a></p>
  <nav aria-label="${words.name}">
    <ul>
      <li><a href="/"${here("/")}>${words.home}</a></li>
      <li><a href="/account"${here("/account")}>${words.account}</a></li>
      <li><a href="/privacy"${here("/privacy")}>${words.privacy}</a></li>
      <li><a href="/language?to=${other}&amp;back=${encodeURIComponent(path)}" lang="${other}" hreflang="${other}">${words.otherLanguage}</a></li>
    </ul>
  </nav>
</header>
<main id="content" tabindex="-1">
<h1>${title}</h1>
${content}
</main>
<footer><p>${words.demo}</p></footer>
</body>
</html>`);
}
