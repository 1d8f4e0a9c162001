import { describe, expect, it } from "vitest";
import { ownPage, walletLink } from "../src/link";

describe("walletLink", () => {
  it.each(["https://wallet.example/?request_uri=x", "http://localhost:8470/#/x", "http://127.0.0.1:1/", "openid4vp://?client_id=x", "haip-vp://?x=y"])(
    "follows %s",
    (link) => expect(walletLink(link)).toBeDefined(),
  );
  it.each(["javascript:alert(1)", "data:text/html,x", "http://wallet.example/", "file:///etc/passwd", "", "not a link", "blob:https://a/1"])(
    "refuses %s",
    (link) => expect(walletLink(link)).toBeUndefined(),
  );
});

describe("ownPage", () => {
  it("stays on the site", () => {
    expect(ownPage("/done", "https://a.example")).toBe("https://a.example/done");
    expect(ownPage("https://b.example/", "https://a.example")).toBeUndefined();
    expect(ownPage("//b.example/", "https://a.example")).toBeUndefined();
    expect(ownPage("javascript:alert(1)", "https://a.example")).toBeUndefined();
  });
});
