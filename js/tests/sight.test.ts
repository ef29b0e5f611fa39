import assert from "node:assert/strict";
import { test } from "node:test";
import type { Camera, Frame } from "../src/contract.js";
import { Sight } from "../src/picture/sight.js";

const at = (x: number): Camera => ({
  type: "perspective",
  position: [x, 0, 10],
  target: [x, 0, 0],
  up: [0, 1, 0],
  fovy: 45,
  aperture: 0,
  height: 20,
});
const frame = (camera: number, moving: boolean) => ({ camera, moving }) as Frame;

function setUp() {
  const sight = new Sight();
  return { sight, x: () => sight.camera.value?.position[0] ?? null };
}

test("each picture of a gesture has its own camera, not the newest one", () => {
  const { sight, x } = setUp();
  sight.shown(frame(0, false), at(7));
  assert.equal(x(), 7);
  for (const number of [1, 2, 3]) {
    sight.sent(number, at(number), number < 3);
  }
  assert.equal(x(), 7);
  sight.shown(frame(1, true), at(3));
  assert.equal(x(), 1);
  sight.shown(frame(2, true), at(3));
  assert.equal(x(), 2);
  sight.shown(frame(3, false), at(3));
  assert.equal(x(), 3);
});

test("a picture that is refined keeps its camera when the next gesture has begun", () => {
  const { sight, x } = setUp();
  sight.sent(1, at(1), false);
  sight.sent(2, at(2), true);
  sight.shown(frame(1, false), at(2));
  assert.equal(x(), 1);
});

test("a hand that holds still sees the last camera of its gesture", () => {
  const { sight, x } = setUp();
  sight.sent(1, at(1), true);
  sight.shown(frame(1, false), at(1));
  assert.equal(x(), 1);
});

test("the camera that others set counts from then on, also if it is known after its picture", () => {
  const { sight, x } = setUp();
  sight.sent(1, at(1), false);
  sight.shown(frame(1, false), at(1));
  sight.followed(at(1));
  assert.equal(x(), 1);
  sight.followed(at(5));
  assert.equal(x(), 5);
  sight.shown(frame(1, false), at(5));
  assert.equal(x(), 5);
});

test("while another view moves the camera, nobody knows it here", () => {
  const { sight, x } = setUp();
  sight.sent(1, at(1), false);
  sight.shown(frame(1, false), at(1));
  sight.shown(frame(1, true), at(1));
  assert.equal(x(), null);
  sight.followed(at(4));
  assert.equal(x(), null);
  sight.shown(frame(1, false), at(4));
  assert.equal(x(), 4);
});
