// A stand-in for the kernel: an anywidget model whose other end is this page, driven by the tests.
import widget from "/widget.js";

const DEFAULTS = {
  camera: { type: "perspective", position: [0, 0, 1000], target: [0, 0, 0], up: [0, 1, 0], fovy: 45, height: 800, aperture: 0 },
  views: {},
  models: [],
  status: { state: "ready", text: "Ready" },
  job: {
    master: null, slave: null, renderer: null, backend: null, usecase: "SBO1", project: null,
    id: "job-1", host: "127.0.0.1", ends: null, ends_probably: false, attached: false, lack: "", brayns_backend: false,
    tells_ids: true, log: "",
  },
  scene_lost: false,
  progress: null,
  notice: null,
  legend: null,
  background: "#0d1016",
  fog: 0.45,
  slab: { on: false, axis: "z", normal: [0, 0, 1], position: 0, thickness: 0, invert: false },
  shading: { shadows: true, ambient_occlusion: 1, outlines: 0, at_rest: "interactive" },
  lights: [],
  clipping: [],
  selection: {},
  pins: [],
  history: { undo: "", redo: "", lines: [] },
  highlight: true,
  height: 420,
  panel_open: true,
  legend_place: "lower left",
  scale_bar: true,
};

class FakeModel {
  constructor(traits) {
    this.traits = structuredClone({ ...DEFAULTS, ...traits });
    this.listeners = [];
    this.sent = [];
    this.saved = [];
    this.unsaved = {};
    // Unless a test says otherwise there are no files, and nobody tells the formats, so that any file may be tried.
    this.answers = {
      "files.list": { result: { path: "/", parent: null, directories: [], files: [], trail: [] } },
      "files.inspect": { error: { type: "ConnectionLost", message: "No backend.", hint: "" } },
      "colors.maps": { result: [] },
      "models.count_node_sets": { result: [] },
      "models.materials": { result: [] },
      "models.formats": { error: { type: "ConnectionLost", message: "No renderer.", hint: "" } },
    };
    this.mute = false;
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    this.unsaved[name] = structuredClone(value);
    this.trait(name, value);
  }

  save_changes() {
    this.saved.push(this.unsaved);
    this.unsaved = {};
  }

  on(event, callback) {
    this.listeners.push({ event, callback });
  }

  off(event, callback) {
    this.listeners = this.listeners.filter((entry) => entry.event !== event || entry.callback !== callback);
  }

  emit(event, ...values) {
    for (const entry of this.listeners.filter((one) => one.event === event)) {
      entry.callback(...values);
    }
  }

  // What the kernel does to a trait.
  trait(name, value) {
    this.traits[name] = structuredClone(value);
    this.emit(`change:${name}`);
  }

  // What the page says to the kernel.
  send(message) {
    this.sent.push({ ...structuredClone(message), at: performance.now() });
    if (this.mute) {
      return;
    }
    if (message.kind === "ready") {
      queueMicrotask(() => this.deliver({ kind: "welcome", view: message.view, binder: false }));
    }
    if (message.kind === "camera") {
      queueMicrotask(() => this.trait("camera", message.camera));
    }
    if (message.kind === "ping") {
      queueMicrotask(() => this.deliver({ kind: "pong", view: message.view }));
    }
    if (message.kind === "call") {
      const answer = this.answers[message.method] ?? { result: {} };
      const chosen = Array.isArray(answer) ? answer.shift() : answer;
      if (chosen && !chosen.never) {
        setTimeout(() => this.deliver({ kind: "reply", view: message.view, id: message.id, ...chosen }), chosen.delay ?? 0);
      }
    }
  }

  deliver(message, buffers = []) {
    this.emit("msg:custom", message, buffers);
  }
}

// A JPEG of one color, inside a larger buffer as Jupyter's messages are.
async function picture(width, height, color) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const message = new Uint8Array(bytes.length + 40).fill(0xff);
  message.set(bytes, 24);
  return new DataView(message.buffer, 24, bytes.length);
}

// A packed id buffer: each box, [left, top, right, bottom] in pixels, shows an entry.
async function packed(width, height, entries, boxes) {
  const numbers = new Uint32Array(width * height);
  boxes.forEach(([left, top, right, bottom], index) => {
    for (let y = top; y < bottom; y += 1) {
      numbers.fill(index + 1, y * width + left, y * width + right);
    }
  });
  const parts = [
    numbers,
    Float64Array.from(entries, ({ cell }) => cell),
    Int32Array.from(entries, ({ model }) => model),
    Int32Array.from(entries, ({ section }) => section),
    Uint8Array.from(entries, ({ type }) => type),
  ];
  const stream = new Blob(parts).stream().pipeThrough(new CompressionStream("deflate"));
  return new DataView(await new Response(stream).arrayBuffer());
}

const views = [];

window.kernel = {
  model: null,
  mount(traits = {}, place = "cell", model = null) {
    this.model = model ?? new FakeModel(traits);
    const controller = new AbortController();
    const el = document.getElementById(place);
    const cleanup = widget.render({ model: this.model, el, signal: controller.signal });
    views.push({ cleanup, controller });
    return views.length - 1;
  },
  async settled(model = this.model) {
    while (!model.sent.some(({ kind }) => kind === "ready")) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
  sent(kind) {
    return this.model.sent.filter((message) => message.kind === kind);
  },
  calls(method) {
    return this.sent("call").filter((message) => message.method === method).map((message) => message.params);
  },
  // Acknowledgements, which ride on cameras or come alone.
  acks() {
    return this.model.sent.flatMap(({ acks }) => acks ?? []);
  },
  view(index = 0) {
    return this.sent("ready")[index].view;
  },
  async frame(fields = {}, color = "#c04020", buffers = null) {
    const frame = { seq: 1, camera: 0, width: 320, height: 200, accumulation: 1, max_accumulation: 32, moving: false, ...fields };
    const data = buffers ?? [await picture(frame.width, frame.height, color)];
    this.model.deliver({ kind: "frame", view: this.view(), mime: "image/jpeg", ...frame }, data);
  },
  // What frame `seq` shows, in a picture of 320 × 200 pixels.
  async ids(seq, entries, boxes) {
    const types = ["soma", "axon", "dendrite", "apical_dendrite"];
    const head = { seq, width: 320, height: 200, count: entries.length, section_types: types };
    const data = await packed(320, 200, entries, boxes);
    this.model.deliver({ kind: "ids", view: this.view(), ...head }, [data]);
  },
  async frames(list) {
    const pictures = await Promise.all(list.map(({ color }) => picture(320, 200, color ?? "#c04020")));
    list.forEach(({ color, ...fields }, index) => void this.frame(fields, color, [pictures[index]]));
  },
  // Color of the canvas at fractions of its size.
  pixel(x = 0.5, y = 0.5) {
    const canvas = document.querySelector("canvas");
    const context = canvas.getContext("2d");
    return [...context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data];
  },
  dispose(index, how = "cleanup") {
    if (how === "cleanup") {
      views[index].cleanup();
    } else {
      views[index].controller.abort();
    }
  },
};
document.body.dataset.loaded = "true";
