// The search itself must be able to find something.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findCanaries } from "../src/canary.mjs";
import { cardValues, forgottenValues } from "../src/persona.mjs";

test("the canary search finds a text in every form it looks for", () => {
  const folder = mkdtempSync(join(tmpdir(), "canary-"));
  const secret = "Zonnebloemstraat 12";
  const around = (bytes) => Buffer.concat([Buffer.from([1, 2, 3]), bytes, Buffer.from([4, 5])]);
  const inside = (text, shift) => Buffer.from(`${"x".repeat(shift)}${text}yy`);
  const hidden = {
    plain: Buffer.from(secret),
    utf16: Buffer.from(secret, "utf16le"),
    hex: Buffer.from(Buffer.from(secret).toString("hex")),
    percent: Buffer.from(encodeURIComponent(secret)),
    ...Object.fromEntries([0, 1, 2, 3, 4].map((shift) => [`base64-${shift}`, Buffer.from(inside(secret, shift).toString("base64url"))])),
  };
  try {
    for (const [name, bytes] of Object.entries(hidden)) {
      const file = join(folder, name);
      writeFileSync(file, around(bytes));
      assert.ok(findCanaries([file], { secret }).found.length > 0, `not found: ${name}`);
    }
    writeFileSync(join(folder, "clean"), "nothing here");
    assert.deepEqual(findCanaries([join(folder, "clean")], { secret }).found, []);
    assert.ok(findCanaries([folder], { secret }).bytes > 100);
    const bytes = Buffer.from("00ff80fe0a7f41c3a9", "hex");
    for (const [name, form] of Object.entries({ bytes, "bytes-hex": bytes.toString("hex"), "bytes-base64": bytes.toString("base64url") })) {
      writeFileSync(join(folder, name), around(Buffer.from(form)));
      assert.ok(findCanaries([join(folder, name)], { bytes }).found.length > 0, `not found: ${name}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("no value of the sandbox's cards is forgotten", () => {
  const { written, forgotten, gone } = forgottenValues();
  assert.ok(written.length > 40, "the cards were found in the source");
  assert.deepEqual(forgotten, []);
  assert.deepEqual(gone, [], "these stand on no card any more");
  const values = cardValues();
  assert.match(values["date of birth"], /^\d{4}-\d{2}-\d{2}$/);
  assert.equal(values.photo.length, 48);
});
