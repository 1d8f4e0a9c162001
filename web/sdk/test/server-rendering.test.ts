import { expect, it } from "vitest";

it("can be imported where there are no elements, by a server that renders pages", async () => {
  expect("HTMLElement" in globalThis).toBe(false);
  const { RequestConsent } = await import("../src/index");
  expect(RequestConsent).toBeTypeOf("function");
});
