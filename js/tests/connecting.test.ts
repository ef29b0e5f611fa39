import assert from "node:assert/strict";
import { test } from "node:test";
import { draftOf, formatLeft, type Job, kindOf, needsConnecting, paramsOf, placeOf } from "../src/panel/connecting.js";

const JOB: Job = {
  master: null,
  slave: null,
  renderer: null,
  backend: null,
  usecase: "SBO1",
  project: null,
  id: null,
  host: null,
  node: null,
  ends: null,
  ends_probably: false,
  attached: false,
  lack: "",
  brayns_backend: false,
  tells_ids: true,
  log: "",
};
const MASTER = { ...JOB, master: "https://m/p", project: "proj1" };
const SERVERS = { ...JOB, renderer: "ws://h:5000", backend: "ws://h:8200" };

test("a form begins with where the job runs", () => {
  assert.deepEqual([JOB, MASTER, SERVERS].map(kindOf), ["local", "master", "servers"]);
  assert.deepEqual([JOB, MASTER, SERVERS].map(placeOf), ["Local service", "https://m/p", "ws://h:5000"]);
  assert.equal(draftOf(MASTER).master, "https://m/p");
  assert.equal(draftOf({ ...JOB, usecase: "" }).usecase, "SBO1");
});

test("the local service needs nothing", () => {
  assert.deepEqual(paramsOf(draftOf(JOB), "secret"), {});
});

test("what is left empty is not sent as an empty text", () => {
  const draft = { ...draftOf(MASTER), project: " ", attachTo: " 7 " };
  assert.deepEqual(paramsOf(draft, ""), {
    master: "https://m/p",
    slave: null,
    usecase: "SBO1",
    project: null,
    attach_to: "7",
    start_timeout: null,
    token: null,
  });
  assert.deepEqual(paramsOf({ ...draftOf(SERVERS), backend: "" }, " t "), {
    renderer: "ws://h:5000",
    backend: null,
    token: "t",
  });
});

test("minutes that a start may take are sent as seconds", () => {
  assert.equal(paramsOf({ ...draftOf(MASTER), minutes: "2.5" }, "").start_timeout, 150);
});

test("a token can be where the kernel finds it", () => {
  const file = { ...draftOf(MASTER), tokenFrom: "file", tokenPlace: " ~/token " } as const;
  assert.deepEqual(paramsOf(file, "typed before").token, { file: "~/token" });
  const variable = { ...file, tokenFrom: "variable", tokenPlace: "JUPYTERHUB_API_TOKEN" } as const;
  assert.deepEqual(paramsOf(variable, "").token, { variable: "JUPYTERHUB_API_TOKEN" });
});

test("the time left is counted in hours, minutes and seconds", () => {
  assert.deepEqual([3723.9, 3599, 61, 9, -5].map(formatLeft), ["1:02:03", "59:59", "1:01", "0:09", "0:00"]);
});

test("the section is open while there is something to do or to wait for", () => {
  assert.deepEqual(
    ["idle", "failed", "ended", "queued"].map((state) => needsConnecting(state, JOB)),
    [true, true, true, true],
  );
  assert.deepEqual(
    ["ready", "asleep", "stale", "lost", "starting"].map((state) => needsConnecting(state, JOB)),
    [false, false, false, false, false],
  );
  assert.equal(needsConnecting("starting", MASTER), true);
  assert.equal(needsConnecting("starting", { ...MASTER, host: "h" }), false); // it loads
});
