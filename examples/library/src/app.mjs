// Which request gets which answer.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AssentProblem } from "@assent/sdk/server";
import { cookies, HttpError, insistOnOwnSite, readBody, safeHeaders } from "./http.mjs";
import { arrive, confirm } from "./elsewhere.mjs";
import { account, version } from "./pages/account.mjs";
import { home } from "./pages/home.mjs";
import { codeToType, message, privacy } from "./pages/simple.mjs";
import { followRequest, readRequest, startRequest } from "./requests.mjs";
import { languageOf, LANGUAGES, words as wordsOf } from "./texts.mjs";

const asset = (path) => readFileSync(new URL(path, import.meta.url));
const ASSETS = {
  "/assets/style.css": ["text/css; charset=utf-8", asset("../assets/style.css")],
  "/assets/follow.js": ["text/javascript; charset=utf-8", asset("../assets/follow.js")],
  "/assets/icon.svg": ["image/svg+xml", asset("../assets/icon.svg")],
  "/assets/request-consent.js": ["text/javascript; charset=utf-8", readFileSync(fileURLToPath(import.meta.resolve("@assent/sdk")))],
};

/** The request handler. */
export function createApp(parts) {
  const { config } = parts;
  const headers = safeHeaders(config.secure, new URL(config.assentUrl).origin);
  return async (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // An address that cannot be read, such as `//`, must not end the process.
    if (!URL.canParse(request.url ?? "/", config.origin)) return response.writeHead(400).end();
    const exchange = open(parts, request, response);
    try {
      await route(parts, exchange);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : error instanceof AssentProblem ? 502 : 500;
      if (!(error instanceof HttpError)) console.error(`${request.method} ${exchange.url.pathname}: ${error.name}: ${error.message}`);
      exchange.fail(status);
    }
  };
}

/** One request and its answer, with the visitor and the language found. */
function open({ config, register }, request, response) {
  const url = new URL(request.url ?? "/", config.origin);
  const jar = cookies(request);
  const names = config.secure ? { visit: "__Host-visit", language: "__Host-language" } : { visit: "visit", language: "language" };
  const language = languageOf(jar[names.language], request.headers["accept-language"]);
  const words = wordsOf(language);
  const cookie = (name, value, days) =>
    response.appendHeader("set-cookie", `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${days * 86_400}${config.secure ? "; Secure" : ""}`);
  const send = (status, type, body) => {
    response.writeHead(status, { "content-type": type });
    response.end(body);
  };
  const html = (status, text) => send(status, "text/html; charset=utf-8", text);
  const json = (status, value) => send(status, "application/json", JSON.stringify(value));
  return {
    request,
    url,
    language,
    words,
    send,
    html,
    json,
    visit: register.find(jar[names.visit]),
    beginVisit() {
      const { cookie: value, visit } = register.open();
      cookie(names.visit, value, 30);
      return visit;
    },
    setLanguage: (to) => cookie(names.language, to, 365),
    redirect(to) {
      response.writeHead(303, { location: to });
      response.end();
    },
    fail(status) {
      if (response.headersSent) return response.destroy();
      if ((request.headers.accept ?? "").includes("text/html")) {
        const title = status === 404 ? words.notFound : words.error;
        return html(status, message({ words, language, path: "/", title, text: words.errorText }));
      }
      return json(status, { error: status });
    },
  };
}

async function route(parts, exchange) {
  const { method } = exchange.request;
  const path = exchange.url.pathname;
  const found = Object.hasOwn(ASSETS, path) && ASSETS[path];
  if (method === "GET" && found) return exchange.send(200, found[0], found[1]);
  if (method === "GET" && path.startsWith("/elsewhere/")) return arriveElsewhere(parts, exchange, decode(path.slice("/elsewhere/".length)));
  const consentId = path.startsWith("/consent/") ? decode(path.slice("/consent/".length)) : undefined;
  switch (`${method} ${consentId === undefined ? path : "/consent/:id"}`) {
    case "GET /":
      return exchange.html(200, home(exchange));
    case "GET /privacy":
      return exchange.html(200, privacy(exchange));
    case "GET /account":
      return showAccount(parts, exchange);
    case "GET /account/version":
      return exchange.json(200, { version: version(exchange.visit) });
    case "GET /receipt":
      return receipt(parts, exchange);
    case "GET /return":
      return comeBack(parts, exchange);
    case "GET /language":
      return chooseLanguage(exchange);
    case "GET /healthz":
      return exchange.json(200, { ok: true });
    case "POST /consent":
      return begin(parts, exchange);
    case "POST /start":
      return beginWithoutScript(parts, exchange);
    case "GET /consent/:id":
      return follow(parts, exchange, consentId);
    case "POST /consent/:id":
      return finish(parts, exchange, consentId);
    case "DELETE /consent/:id":
      insistOnOwnSite(exchange.request, parts.config.origin);
      if (exchange.visit) parts.register.dropRequest(exchange.visit, consentId);
      return exchange.send(204, "application/json", "");
    case "POST /webhooks/assent": {
      const body = await readBody(exchange.request);
      const status = parts.withdrawals.receive(parts.config.webhookSecret, exchange.request.headers, body);
      return exchange.send(status, "application/json", "");
    }
    default:
      throw new HttpError(404, "no such page");
  }
}

async function begin(parts, exchange) {
  insistOnElement(parts, exchange);
  const { device } = parseJson(await readBody(exchange.request));
  if (device !== "same" && device !== "other") throw new HttpError(400, "which device?");
  const visit = exchange.visit ?? exchange.beginVisit();
  exchange.json(201, await startRequest(parts, visit, device, exchange.language));
}

function insistOnElement(parts, exchange) {
  insistOnOwnSite(exchange.request, parts.config.origin);
  if (exchange.request.headers["x-request-consent"] !== "1") throw new HttpError(403, "not from the element");
}

async function beginWithoutScript(parts, exchange) {
  insistOnOwnSite(exchange.request, parts.config.origin);
  await readBody(exchange.request);
  const visit = exchange.visit ?? exchange.beginVisit();
  const { link } = await startRequest(parts, visit, "same", exchange.language);
  exchange.redirect(link);
}

async function follow(parts, exchange, id) {
  const status = exchange.visit && (await followRequest(parts, exchange.visit, id));
  if (status === undefined) throw new HttpError(404, "not a request of this visitor");
  exchange.json(200, status);
}

/** The code that the person's other device shows. */
async function finish(parts, exchange, id) {
  insistOnElement(parts, exchange);
  const { code } = parseJson(await readBody(exchange.request));
  if (typeof code !== "string") throw new HttpError(400, "which code?");
  const status = exchange.visit && (await confirm(parts, exchange.visit, id, code));
  if (status === undefined) throw new HttpError(404, "not a request of this visitor");
  exchange.json(200, status);
}

/** The browser of a wallet on another device: it gets a code to show, and nothing else. */
function arriveElsewhere(parts, exchange, arrival) {
  const { words, language } = exchange;
  const code = arrive(parts, arrival, exchange.url.searchParams.get("response_code"));
  if (code) return exchange.html(200, codeToType({ words, language, code }));
  exchange.html(403, message({ words, language, path: "/", title: words.codeNone, text: words.codeNoneText }));
}

/** The wallet sent the browser back. Only this visitor's own request counts, and only with its response code. */
async function comeBack(parts, exchange) {
  const { words, language, visit } = exchange;
  const say = (status, title, text) => exchange.html(status, message({ words, language, path: "/", title, text }));
  const code = exchange.url.searchParams.get("response_code") ?? undefined;
  const request = visit?.requests.findLast((candidate) => candidate.device === "same");
  if (!request) return say(403, words.returnOther, words.returnOtherText);
  try {
    const state = await readRequest(parts, visit, request.id, code);
    if (state === "verified" && visit.account) return exchange.redirect("/account");
  } catch (error) {
    if (!(error instanceof AssentProblem)) throw error;
    if (error.status === 0 || error.status >= 500) return say(503, words.returnDown, words.returnDownText);
  }
  return say(200, words.returnNone, words.returnNoneText);
}

async function showAccount(parts, exchange) {
  parts.register.eraseOld();
  const { visit } = exchange;
  const checked = visit?.account ? await parts.withdrawals.check(visit.account.consentId) : true;
  exchange.html(200, account({ ...exchange, checked }));
}

async function receipt(parts, exchange) {
  const consentId = exchange.visit?.account?.consentId;
  if (!consentId) throw new HttpError(404, "no receipt");
  exchange.send(200, "text/plain; charset=utf-8", await parts.assent.receipt(consentId));
}

function chooseLanguage(exchange) {
  const to = exchange.url.searchParams.get("to");
  if (!LANGUAGES.includes(to)) throw new HttpError(400, "no such language");
  exchange.setLanguage(to);
  const back = exchange.url.searchParams.get("back") ?? "/";
  // Only to a page of this site: one slash, not two.
  exchange.redirect(/^\/(?![/\\])[\w/-]*$/.test(back) ? back : "/");
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, "not an id");
  }
}

function parseJson(text) {
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // the same answer for everything unreadable
  }
  throw new HttpError(400, "not JSON");
}
