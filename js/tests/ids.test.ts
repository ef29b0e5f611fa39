import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { signal } from "@preact/signals";
import type { Frame, FrameIds } from "../src/contract.js";
import { ShownIds, unpackIds } from "../src/picture/ids.js";

const HEAD: FrameIds = { seq: 3, width: 3, height: 2, count: 2, section_types: ["soma", "axon"] };

/** Three pixels by two: the first shows a cell's axon, the last a mesh, the others nothing. */
function buffer(): Buffer {
  return Buffer.concat([
    Buffer.from(new Uint32Array([1, 0, 0, 0, 0, 2]).buffer),
    Buffer.from(new Float64Array([4_503_599_627_370, -1]).buffer),
    Buffer.from(new Int32Array([7, 9]).buffer),
    Buffer.from(new Int32Array([12, -1]).buffer),
    Buffer.from(new Uint8Array([1, 255]).buffer),
  ]);
}

/** As it comes in a message: compressed, somewhere in a larger buffer. */
function packed(bytes: Uint8Array = buffer()): DataView {
  const compressed = deflateSync(bytes, { level: 1 });
  const message = new Uint8Array(compressed.length + 40).fill(0xff);
  message.set(compressed, 13);
  return new DataView(message.buffer, 13, compressed.length);
}

test("tells what is seen at a point of the picture", async () => {
  const ids = await unpackIds(HEAD, packed());
  const axon = { model: 7, cell: 4_503_599_627_370, section: 12, sectionType: "axon" };
  const mesh = { model: 9, cell: null, section: null, sectionType: null };
  const at = (u: number, v: number) => ids.near([u, v], 0)?.seen ?? null;
  assert.deepEqual(at(0, 0), axon);
  assert.deepEqual(at(0.33, 0.49), axon);
  assert.equal(at(0.34, 0.49), null);
  assert.equal(at(0, 0.5), null);
  assert.deepEqual(at(0.67, 0.5), mesh);
  assert.deepEqual(at(1, 1), mesh);
});

test("what is thin is found beside the pointer, and what is nearest counts", async () => {
  const ids = await unpackIds(HEAD, packed());
  const near = (u: number, v: number, reach: number) => {
    const found = ids.near([u, v], reach);
    return found && [found.seen.model, ...found.place];
  };
  assert.deepEqual(near(0.5, 0.1, 1), [7, 1 / 6, 1 / 4]);
  assert.deepEqual(near(0.9, 0.1, 1), [9, 5 / 6, 3 / 4]);
  assert.deepEqual(near(0.9, 0.1, 9), [9, 5 / 6, 3 / 4]);
  assert.deepEqual(near(0.1, 0.9, 9), [7, 1 / 6, 1 / 4]);
  assert.equal(near(0.9, 0.1, 0), null);
});

test("an odd number of pixels leaves the entries where they are", async () => {
  const bytes = Buffer.concat([Buffer.from(new Uint32Array([1]).buffer), buffer().subarray(24)]);
  const ids = await unpackIds({ ...HEAD, width: 1, height: 1 }, packed(bytes));
  assert.equal(ids.near([0.5, 0.5], 0)?.seen.cell, 4_503_599_627_370);
});

test("a picture of nothing has no entries", async () => {
  const ids = await unpackIds({ ...HEAD, count: 0 }, packed(Buffer.alloc(24)));
  assert.equal(ids.near([0.5, 0.5], 1), null);
});

for (const [what, head, data] of [
  ["of another size", { ...HEAD, width: 4 }, packed()],
  ["with other entries", { ...HEAD, count: 3 }, packed()],
  ["that is not compressed", HEAD, new DataView(new ArrayBuffer(24))],
] as const) {
  test(`a buffer ${what} is an error`, async () => {
    await assert.rejects(unpackIds(head, data));
  });
}

const frame = (seq: number) => ({ seq }) as Frame;

function setUp() {
  // Of a type that assertions do not narrow.
  const seq = () => ids.current.value?.seq ?? null;
  const shown = signal<Frame | null>(null);
  const broken: unknown[] = [];
  const ids = new ShownIds(shown, (error) => broken.push(error));
  return { shown, broken, ids, seq };
}

test("ids belong to their frame, whichever comes first", async () => {
  const { shown, ids, seq } = setUp();
  await ids.push(HEAD, packed());
  assert.equal(seq(), null);
  shown.value = frame(3);
  assert.equal(seq(), 3);
  shown.value = frame(4);
  assert.equal(seq(), null);
  await ids.push({ ...HEAD, seq: 4 }, packed());
  assert.equal(seq(), 4);
});

test("ids of a frame that is gone are not kept", async () => {
  const { shown, broken, ids, seq } = setUp();
  shown.value = frame(4);
  await ids.push(HEAD, new DataView(new ArrayBuffer(1)));
  assert.deepEqual(broken, []); // not even unpacked
  shown.value = frame(3);
  assert.equal(seq(), null);
});

test("what was under way is dropped with the numbers of frames", async () => {
  const { shown, ids, seq } = setUp();
  shown.value = frame(3);
  const unpacking = ids.push(HEAD, packed());
  ids.drop();
  await unpacking;
  assert.equal(seq(), null);
});

test("a buffer that cannot be read is told, and the next one can", async () => {
  const { shown, broken, ids, seq } = setUp();
  shown.value = frame(3);
  await ids.push(HEAD, new DataView(new ArrayBuffer(24)));
  assert.equal(broken.length, 1);
  await ids.push(HEAD, packed());
  assert.equal(seq(), 3);
});
