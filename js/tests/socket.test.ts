import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FrameSocket, isLoopback, jupyterBase, proxied, unpack } from "../src/kernel/socket.js";
import { packed, stayAt, textOf, theSocket } from "./browser.js";

const FRAME = {
  kind: "frame",
  view: "me",
  seq: 3,
  camera: 2,
  width: 8,
  height: 6,
  accumulation: 1,
  max_accumulation: 16,
  moving: true,
  mime: "image/jpeg",
};

for (const [where, place, base] of [
  ["JupyterLab", { config: '{"baseUrl": "/"}' }, "/"],
  ["behind JupyterHub", { config: '{"baseUrl": "/user/ada/"}' }, "/user/ada/"],
  ["without the last slash", { config: '{"baseUrl": "/user/ada"}' }, "/user/ada/"],
  ["a page that says it in its body", { baseUrl: "/user/ada/" }, "/user/ada/"],
  ["the element is newer than the body", { config: '{"baseUrl": "/a/"}', baseUrl: "/b/" }, "/a/"],
  ["a page of another server", {}, null],
  ["an address of another server", { config: '{"baseUrl": "https://evil.example/"}' }, null],
  ["no address", { config: '{"baseUrl": 3}' }, null],
  ["another page's element of this name", { config: "not JSON", baseUrl: "/" }, null],
  ["VS Code", { href: "vscode-webview://1234/index.html", config: '{"baseUrl": "/"}' }, null],
  ["a file", { href: "file:///tmp/a.html", baseUrl: "/" }, null],
] as const) {
  test(`the Jupyter server's path: ${where}`, (t) => {
    stayAt(t, place);
    assert.equal(jupyterBase(), base);
  });
}

for (const [host, is] of [
  ["localhost", true],
  ["127.0.0.1", true],
  ["127.1.2.3", true],
  ["[::1]", true],
  ["127.evil.example", false],
  ["10.0.0.1", false],
  ["hub.example", false],
  ["", false],
] as const) {
  test(`the loopback interface: ${host}`, () => {
    assert.equal(isLoopback(host), is);
  });
}

test("a socket has the page's own origin, encrypted where the page is", (t) => {
  stayAt(t, {});
  assert.equal(proxied("/user/ada/", 4711), "ws://hub.example:8000/user/ada/proxy/4711/frames");
  stayAt(t, { href: "https://hub.example/lab" });
  assert.equal(proxied("/", 4711), "wss://hub.example/proxy/4711/frames");
});

test("takes a packed message apart", () => {
  const { header, data } = unpack(packed(FRAME, "jpeg"));
  assert.deepEqual(header, FRAME);
  assert.equal(textOf(data), "jpeg");
});

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  stayAt(t, {});
  const heard: string[] = [];
  const frames = new FrameSocket("ws://hub.example:8000/proxy/1/frames", "a-ticket", {
    opened: () => void heard.push("opened"),
    frame: ({ seq }, data) => void heard.push(`frame ${seq}: ${textOf(data)}`),
    ids: ({ seq }, data) => void heard.push(`ids ${seq}: ${textOf(data)}`),
    kernelEnded: () => void heard.push("kernel ended"),
    closed: (reason) => void heard.push(`closed: ${reason}`),
  });
  return { frames, socket: theSocket(), heard, tick: (ms: number) => t.mock.timers.tick(ms) };
}

test("the ticket is the first message, and not part of the address", (t) => {
  const { socket, heard } = setUp(t);
  assert.equal(socket.address, "ws://hub.example:8000/proxy/1/frames");
  assert.equal(socket.binaryType, "arraybuffer");
  assert.deepEqual(socket.sent, []);
  socket.onopen?.();
  assert.deepEqual(socket.sent, ['{"ticket":"a-ticket"}']);
  socket.onmessage?.({ data: "hello" });
  assert.deepEqual(heard, []);
  socket.onmessage?.({ data: "welcome" });
  assert.deepEqual(heard, ["opened"]);
});

test("frames come, cameras and acknowledgements go", (t) => {
  const { frames, socket, heard } = setUp(t);
  socket.welcome();
  socket.onmessage?.({ data: packed(FRAME, "jpeg") });
  socket.onmessage?.({ data: packed({ kind: "ids", view: "me", seq: 3 }, "packed") });
  socket.onmessage?.({ data: packed({ kind: "of a later version" }, "?") });
  assert.deepEqual(heard, ["opened", "frame 3: jpeg", "ids 3: packed"]);
  frames.send("ack", { acks: [{ seq: 3, shown: true, decode_ms: 1 }] });
  assert.equal(socket.sent[1], '{"kind":"ack","acks":[{"seq":3,"shown":true,"decode_ms":1}]}');
});

test("a server that does not answer is given up", (t) => {
  const { socket, heard, tick } = setUp(t);
  tick(4999);
  assert.deepEqual(heard, []);
  tick(1);
  assert.deepEqual(heard, ["closed: The Jupyter server did not answer."]);
  assert.equal(socket.closed, true);
  socket.welcome();
  socket.break();
  assert.equal(heard.length, 1);
});

test("a socket that has opened has no deadline", (t) => {
  const { socket, heard, tick } = setUp(t);
  socket.welcome();
  tick(60_000);
  assert.deepEqual(heard, ["opened"]);
  assert.equal(socket.closed, false);
});

test("says why it has closed", (t) => {
  const { socket, heard, tick } = setUp(t);
  socket.break("the ticket is not valid");
  assert.deepEqual(heard, ["closed: the ticket is not valid"]);
  tick(60_000);
  assert.equal(heard.length, 1);
});

test("a server without the proxy gives no reason, so there is one", (t) => {
  const { socket, heard } = setUp(t);
  socket.break();
  assert.deepEqual(heard, ["closed: The Jupyter server does not forward it."]);
});

test("what is closed by the page is not told, and hears no more", (t) => {
  const { frames, socket, heard, tick } = setUp(t);
  socket.welcome();
  frames.close();
  assert.equal(socket.closed, true);
  socket.break("over");
  socket.onmessage?.({ data: packed(FRAME, "jpeg") });
  tick(60_000);
  assert.deepEqual(heard, ["opened"]);
});
