// The wallet was on another device. Whoever shared there sees a code and types it here, where the request was started:
// so nobody gets the details of a person whom they made scan a code of their own (OpenID4VP 1.0 §14.1, §13.3).
import { randomInt, timingSafeEqual } from "node:crypto";
import { readRequest } from "./requests.mjs";

const TRIES = 3;

/** The browser of the wallet arrives with its response code. Returns the code to show, or `undefined`. */
export function arrive({ register }, arrival, responseCode) {
  const request = responseCode && register.findArrival(arrival);
  if (!request || request.done || request.failed) return undefined;
  if (!request.arrived) {
    request.arrived = { responseCode, code: String(randomInt(1_000_000)).padStart(6, "0"), left: TRIES };
    register.save();
  }
  // A page that is loaded again shows the same; somebody else's guess at the address shows nothing.
  return same(request.arrived.responseCode, responseCode) ? request.arrived.code : undefined;
}

/** The visitor types the code. After a few wrong ones the request is over. */
export async function confirm(parts, visit, id, code) {
  const request = visit.requests.find((candidate) => candidate.id === id);
  if (!request || request.device !== "other") return undefined;
  if (request.done) return { state: "verified", next: "/account" };
  if (request.failed) return { state: "failed" };
  if (!request.arrived) return { state: "verified", confirm: true };
  if (!same(request.arrived.code, code)) {
    request.arrived.left -= 1;
    if (request.arrived.left === 0) {
      request.failed = true;
      delete request.arrived;
    }
    parts.register.save();
    return request.failed ? { state: "failed" } : { state: "verified", confirm: true };
  }
  const state = await readRequest(parts, visit, id, request.arrived.responseCode);
  return request.done ? { state, next: "/account" } : { state: "failed" };
}

function same(a, b) {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
