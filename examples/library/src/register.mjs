// Everything the library remembers, in one small file: visits, and what members shared. Deleting means gone from the file.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const VISIT_DAYS = 30;
const MOST_VISITS = 5_000;
const DAY = 86_400_000;

/** A visitor is whoever holds the cookie; the file has only the cookie's hash. */
const nameOf = (cookie) => createHash("sha256").update(cookie).digest("base64url");

export class Register {
  #file;
  #visits = new Map();
  #seenEvents = new Set();

  constructor(file) {
    this.#file = file;
    if (existsSync(file)) this.#visits = new Map(Object.entries(JSON.parse(readFileSync(file, "utf8"))));
  }

  /** A new visit: the cookie to set, and the visit itself. */
  open(now = Date.now()) {
    const cookie = randomBytes(32).toString("base64url");
    const visit = { since: now, requests: [], account: undefined, ended: undefined };
    for (const [name, old] of this.#visits) if (now - old.since > VISIT_DAYS * DAY) this.#visits.delete(name);
    if (this.#visits.size >= MOST_VISITS) this.#visits.delete(this.#visits.keys().next().value);
    this.#visits.set(nameOf(cookie), visit);
    return { cookie, visit };
  }

  /** The visit of a cookie. */
  find(cookie) {
    return cookie ? this.#visits.get(nameOf(cookie)) : undefined;
  }

  /** Remembers a request that this visitor started. */
  addRequest(visit, request) {
    visit.requests = [...visit.requests.slice(-4), request];
    this.save();
  }

  /** The request whose wallet sends its own browser to `/elsewhere/ARRIVAL`. */
  findArrival(arrival) {
    return [...this.#visits.values()].flatMap((visit) => visit.requests).find((request) => request.arrival === arrival);
  }

  /** Forgets a request that this visitor cancelled: an answer that still comes is not read. */
  dropRequest(visit, id) {
    visit.requests = visit.requests.filter((request) => request.id !== id);
    this.save();
  }

  /** Keeps what a member shared, in place of anything from before. */
  keep(visit, account) {
    visit.account = account;
    visit.ended = undefined;
    this.save();
  }

  /** Deletes what was shared under a consent. Says whether there was anything. */
  erase(consentId, why, now = Date.now()) {
    let found = false;
    for (const visit of this.#visits.values()) {
      if (visit.account?.consentId === consentId) {
        visit.account = undefined;
        visit.ended = { why, at: now };
        found = true;
      }
    }
    if (found) this.save();
    return found;
  }

  /** Deletes one fact that was shared under a consent; the others stay. */
  forget(consentId, fact) {
    const of = [...this.#visits.values()].map((visit) => visit.account).filter((account) => account?.consentId === consentId && fact in account.facts);
    for (const account of of) delete account.facts[fact];
    if (of.length > 0) this.save();
  }

  /** Deletes what is older than the library promised to keep it. */
  eraseOld(now = Date.now()) {
    for (const visit of this.#visits.values()) {
      if (visit.account && visit.account.keepUntil <= now) this.erase(visit.account.consentId, "time", now);
    }
  }

  /** The consents under which something is kept. */
  consents() {
    return [...this.#visits.values()].flatMap((visit) => visit.account?.consentId ?? []);
  }

  /** True the first time an event is seen: a webhook may arrive twice. */
  isNewEvent(id) {
    if (this.#seenEvents.has(id)) return false;
    this.#seenEvents.add(id);
    if (this.#seenEvents.size > 10_000) this.#seenEvents.delete(this.#seenEvents.values().next().value);
    return true;
  }

  /** Writes everything down. */
  save() {
    const visits = [...this.#visits].filter(([, visit]) => visit.account || visit.ended || visit.requests.length > 0);
    const next = `${this.#file}.next`;
    writeFileSync(next, JSON.stringify(Object.fromEntries(visits)), { mode: 0o600 });
    renameSync(next, this.#file);
  }
}
