import assert from "node:assert/strict";
import { test } from "node:test";
import { travelBy } from "../src/undo.js";

const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}) =>
  travelBy({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held } as KeyboardEvent);

test("Ctrl+Z undoes, with Shift and as Ctrl+Y it redoes", () => {
  assert.equal(press("z", { ctrlKey: true }), "undo");
  assert.equal(press("Z", { metaKey: true, shiftKey: true }), "redo");
  assert.equal(press("y", { ctrlKey: true }), "redo");
});

test("other keys do neither", () => {
  assert.equal(press("z"), null);
  assert.equal(press("z", { ctrlKey: true, altKey: true }), null);
  assert.equal(press("z", { ctrlKey: true, metaKey: true }), null);
  assert.equal(press("y", { metaKey: true }), null);
  assert.equal(press("y", { ctrlKey: true, shiftKey: true }), null);
  assert.equal(press("x", { ctrlKey: true }), null);
});
