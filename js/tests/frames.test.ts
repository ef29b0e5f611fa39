import assert from "node:assert/strict";
import { test } from "node:test";
import type { Frame } from "../src/contract.js";
import { FrameDecoder } from "../src/picture/frames.js";

/** A picture that knows whether it was closed. */
class Bitmap {
  closed = false;

  constructor(readonly text: string) {}

  close(): void {
    this.closed = true;
  }
}

function setUp({ eager = false } = {}) {
  const decoding: {
    blob: Blob;
    finish: () => Promise<void>;
    fail: (error: Error) => Promise<void>;
    bitmap?: Bitmap;
  }[] = [];
  const acks: { seq: number; shown: boolean }[] = [];
  const shown: Bitmap[] = [];
  const broken: unknown[] = [];
  const decode = (blob: Blob) =>
    new Promise<ImageBitmap>((resolve, reject) => {
      const job = {
        blob,
        finish: async () => {
          const bitmap = new Bitmap(await blob.text());
          Object.assign(job, { bitmap });
          resolve(bitmap as unknown as ImageBitmap);
          await settle();
        },
        fail: async (error: Error) => {
          reject(error);
          await settle();
        },
      };
      decoding.push(job);
    });
  const decoder = new FrameDecoder(decode, {
    show: (bitmap) => void shown.push(bitmap as unknown as Bitmap),
    eager: () => eager,
    ack: ({ seq }, wasShown, ms) => {
      assert.ok(ms >= 0);
      acks.push({ seq, shown: wasShown });
    },
    broken: (error) => void broken.push(error),
  });
  return { decoder, decoding, acks, shown, broken };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

function frame(seq: number): Frame {
  return {
    seq,
    camera: 0,
    width: 8,
    height: 8,
    accumulation: 1,
    max_accumulation: 1,
    moving: false,
    mime: "image/jpeg",
  };
}

/** `text` in the middle of a larger buffer. */
function data(text: string): DataView {
  const bytes = new TextEncoder().encode(`before${text}after`);
  return new DataView(bytes.buffer, 6, text.length);
}

test("takes its own part of the buffer, with its type", async () => {
  const { decoder, decoding, shown, acks } = setUp();
  decoder.push(frame(1), data("one"));
  assert.equal(decoding[0]?.blob.type, "image/jpeg");
  await decoding[0].finish();
  assert.deepEqual(
    shown.map(({ text }) => text),
    ["one"],
  );
  assert.deepEqual(acks, [{ seq: 1, shown: true }]);
});

test("on a socket a frame is acknowledged when it comes, once, with the time of the one before", async () => {
  const { decoder, decoding, acks, shown } = setUp({ eager: true });
  decoder.push(frame(1), data("one"));
  assert.deepEqual(acks, [{ seq: 1, shown: true }]);
  decoder.push(frame(2), data("two"));
  decoder.push(frame(3), data("three"));
  await decoding[0]?.finish();
  await decoding[1]?.finish();
  assert.deepEqual(
    acks.map(({ seq }) => seq),
    [1, 2, 3],
  );
  assert.deepEqual(
    shown.map(({ text }) => text),
    ["one", "three"],
  );
});

test("decodes one at a time; of those that wait the newest wins", async () => {
  const { decoder, decoding, shown, acks } = setUp();
  for (const seq of [1, 2, 3, 4]) {
    decoder.push(frame(seq), data(`picture ${seq}`));
  }
  assert.equal(decoding.length, 1);
  assert.deepEqual(acks, [
    { seq: 2, shown: false },
    { seq: 3, shown: false },
  ]);
  await decoding[0]?.finish();
  assert.equal(decoding.length, 2);
  await decoding[1]?.finish();
  assert.deepEqual(
    shown.map(({ text }) => text),
    ["picture 1", "picture 4"],
  );
  assert.deepEqual(acks.slice(2), [
    { seq: 1, shown: true },
    { seq: 4, shown: true },
  ]);
});

test("acknowledges an old frame that came late without showing it", async () => {
  const { decoder, decoding, acks } = setUp();
  decoder.push(frame(5), data("five"));
  await decoding[0]?.finish();
  decoder.push(frame(4), data("four"));
  assert.deepEqual(acks.at(-1), { seq: 4, shown: false });
  assert.equal(decoding.length, 1);
});

test("numbers may start anew after a greeting", async () => {
  const { decoder, decoding, shown } = setUp();
  decoder.push(frame(50), data("old"));
  await decoding[0]?.finish();
  decoder.restart();
  decoder.push(frame(1), data("new"));
  await decoding[1]?.finish();
  assert.deepEqual(
    shown.map(({ text }) => text),
    ["old", "new"],
  );
});

test("a frame that cannot be decoded is told, acknowledged, and the next one is shown", async () => {
  const { decoder, decoding, shown, acks, broken } = setUp();
  decoder.push(frame(1), data("garbage"));
  decoder.push(frame(2), data("fine"));
  await decoding[0]?.fail(new Error("not a picture"));
  await decoding[1]?.finish();
  assert.equal(broken.length, 1);
  assert.deepEqual(acks, [
    { seq: 1, shown: false },
    { seq: 2, shown: true },
  ]);
  assert.equal(shown.length, 1);
});

test("what is still decoded when the view closes is closed and not shown", async () => {
  const { decoder, decoding, shown, acks } = setUp();
  decoder.push(frame(1), data("one"));
  decoder.push(frame(2), data("two"));
  decoder.close();
  await decoding[0]?.finish();
  assert.equal(decoding[0]?.bitmap?.closed, true);
  assert.equal(decoding.length, 1);
  decoder.push(frame(3), data("three"));
  assert.equal(decoding.length, 1);
  assert.deepEqual([shown, acks], [[], []]);
});
