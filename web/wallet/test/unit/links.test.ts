import { describe, expect, it } from "vitest";
import { incomingLink, readLink, signInAnswer } from "../../src/app/links";
import { href, parseRoute } from "../../src/app/router";

describe("a link somebody pastes or scans", () => {
  it.each([
    ["openid4vp://?client_id=a&request_uri=https%3A%2F%2Fx", "request"],
    ["haip-vp://authorize?client_id=a", "request"],
    ["https://wallet.example/?client_id=a&request_uri=https%3A%2F%2Fx", "request"],
    ["openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fx", "offer"],
    ["https://wallet.example/?credential_offer=%7B%7D", "offer"],
    ["https://wallet.example/#/offer?credential_offer_uri=https%3A%2F%2Fx", "offer"],
    ["  openid-credential-offer://?credential_offer=%7B%7D\n", "offer"],
  ])("%s is a %s", (link, kind) => {
    expect(readLink(link)?.kind).toBe(kind);
  });

  it.each(["", "hello", "https://example.com/", "javascript:alert(1)", "mailto:a@b.example", "openid4vp://?" + "a".repeat(200_000)])(
    "%.40s is nothing",
    (link) => {
      expect(readLink(link)).toBeUndefined();
    },
  );
});

describe("the link that opened the page", () => {
  it("comes from the query", () => {
    const link = incomingLink({ search: "?request_uri=https%3A%2F%2Fx%2F1&client_id=a", hash: "" });
    expect(link).toEqual({ kind: "request", link: "openid4vp://authorize?request_uri=https%3A%2F%2Fx%2F1&client_id=a" });
  });

  it("comes from the address inside the app", () => {
    expect(incomingLink({ search: "", hash: "#/offer?credential_offer_uri=https%3A%2F%2Fx" })).toEqual({
      kind: "offer",
      link: "openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fx",
    });
  });

  it("says when the person looks at another screen", () => {
    const query = "client_id=a&request_uri=https%3A%2F%2Fx&device=other";
    expect(incomingLink({ search: `?${query}`, hash: "" })?.scanned).toBe(true);
    expect(readLink(`openid4vp://authorize?${query}`)?.scanned).toBe(true);
    expect(readLink(`https://wallet.example/#/request?${query}`)?.scanned).toBe(true);
    expect(incomingLink({ search: `?${query.replace("other", "this")}`, hash: "" })?.scanned).toBeUndefined();
  });

  it("is not made of anything else", () => {
    expect(incomingLink({ search: "?utm_source=x", hash: "#/history" })).toBeUndefined();
  });
});

describe("the way back from signing in", () => {
  it.each(["?code=abc&state=x&iss=https%3A%2F%2Fissuer.example", "?error=access_denied&state=x", "?code=", "?state=x&error="])("%s is one", (search) => {
    expect(signInAnswer({ search })).toBe(search);
  });

  it.each(["", "?state=x&iss=https%3A%2F%2Fissuer.example", "?request_uri=https%3A%2F%2Fx%2F1&client_id=a&code=x", "?credential_offer=%7B%7D&error=x", `?code=${"a".repeat(200_000)}`])(
    "%.60s is none",
    (search) => {
      expect(signInAnswer({ search })).toBeUndefined();
    },
  );
});

describe("addresses inside the app", () => {
  it("keep ids whole", () => {
    expect(parseRoute(href("card", "a/b?c#d"))).toEqual({ screen: "card", id: "a/b?c#d", part: "" });
    expect(parseRoute(href("stop", "a/b", "c/d"))).toEqual({ screen: "stop", id: "a/b", part: "c/d" });
  });

  it.each(["", "#", "#/", "#/nowhere", "#/__proto__", "#/constructor/x"])("%s leads home", (hash) => {
    expect(parseRoute(hash).screen).toBe("home");
  });

  it("survive a broken escape", () => {
    expect(parseRoute("#/card/%E0%A4%A")).toEqual({ screen: "card", id: "", part: "" });
  });
});
