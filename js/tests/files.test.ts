import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOf, formatOf } from "../src/panel/files.js";
import { folderOf, placeOf } from "../src/panel/recent.js";

function format(loader: string, extensions: string[], reason = "") {
  return { loader, extensions, uploads: [], parameters: {}, defaults: {}, reason };
}

const CELLS = format("cells", ["swc", "h5"]);
const FORMATS = [
  format("placement", ["circuit.morphologies.h5"]),
  CELLS,
  format("old", ["json", "blueconfig"], "no longer read"),
  format("circuits", ["json"]),
];

test("the longest ending tells the format, and what is refused gives way", () => {
  const loader = (path: string) => formatOf(path, FORMATS)?.loader;
  assert.equal(loader("/a/X.H5"), "cells");
  assert.equal(loader("/a/circuit.morphologies.h5"), "placement");
  assert.equal(loader("C:\\a\\circuit_config.json"), "circuits");
  assert.equal(loader("/a/BlueConfig"), "old");
  assert.equal(loader("/a/h5"), "cells");
  assert.equal(loader("/h5/readme"), undefined);
});

test("a folder shows what can be loaded, and counts the rest", () => {
  const file = (name: string) => ({ name, path: `/d/${name}`, size: 1 });
  const folder = {
    path: "/d",
    parent: null,
    trail: [],
    directories: [{ name: "sub", path: "/d/sub" }],
    files: ["BlueConfig", "a.swc", "b.txt", "my_config.json", ".c.swc"].map(file),
  };
  const names = (all: boolean, filter = "") => entriesOf(folder, FORMATS, all, filter).shown.map(({ text }) => text);
  assert.deepEqual(names(false), ["my_config.json", "sub", "a.swc"]);
  assert.equal(entriesOf(folder, FORMATS, false, "a").left, 3);
  assert.deepEqual(names(true), ["my_config.json", "sub", "a.swc", ".c.swc", "BlueConfig", "b.txt"]);
  assert.deepEqual(names(false, "A"), ["a.swc"]);
  const [blue] = entriesOf(folder, FORMATS, true, "blue").shown;
  assert.equal(blue?.reason, "no longer read");
  assert.equal(entriesOf(folder, null, false, "").left, 1, "dotfiles only");
});

test("places are told apart without what an address keeps secret", () => {
  assert.equal(placeOf({ master: null, renderer: null }), "local");
  assert.equal(placeOf({ master: "https://me:secret@host.example:80/x?token=1", renderer: null }), "host.example:80");
  assert.equal(placeOf({ master: null, renderer: "ws://127.0.0.1:5000" }), "127.0.0.1:5000");
  assert.equal(placeOf({ master: "?", renderer: null }), "elsewhere");
  assert.equal(folderOf("/a/b.json"), "/a");
  assert.equal(folderOf("/b.json"), "/");
  assert.equal(folderOf("C:\\a\\b.json"), "C:\\a");
});
