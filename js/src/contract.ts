// What kernel and page say to each other; docs/architecture.md is the contract, and a test compares the two.
import type { AnyModel } from "@anywidget/types";

export type Vec3 = readonly [number, number, number];
/** Linear, 0..1. */
export type Rgba = readonly [number, number, number, number];

/** Lengths in micrometers, `fovy` in degrees; `height` is what an orthographic camera sees. */
export interface Camera {
  readonly type: "perspective" | "orthographic";
  readonly position: Vec3;
  readonly target: Vec3;
  readonly up: Vec3;
  readonly fovy: number;
  readonly height: number;
}

export interface ModelEntry {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly visible: boolean;
  readonly color: Rgba | null;
  readonly color_by: string | null;
  readonly color_methods: readonly string[];
  readonly cells: number | null;
  readonly path: string | null;
  readonly population: string | null;
}

export type State = "idle" | "starting" | "queued" | "ready" | "stale" | "ended" | "failed";

export interface Status {
  readonly state: State;
  readonly text: string;
}

export interface Progress {
  readonly task: string;
  readonly operation: string;
  readonly amount: number | null;
  readonly cancellable: boolean;
}

export interface Notice {
  readonly level: "error" | "warning" | "info";
  readonly text: string;
  readonly hint: string;
}

// A type and not an interface, because anywidget's models ask for an index signature.
export type Traits = {
  camera: Camera;
  models: readonly ModelEntry[];
  status: Status;
  progress: Progress | null;
  notice: Notice | null;
  background: Rgba;
  height: number;
  panel_open: boolean;
};

/** Names of all traits. */
export const TRAITS = [
  "camera",
  "models",
  "status",
  "progress",
  "notice",
  "background",
  "height",
  "panel_open",
] as const satisfies readonly (keyof Traits)[];

export type Model = AnyModel<Traits>;

/** CSS pixels, and how many of the canvas's own pixels one of them has. */
export interface Size {
  readonly width: number;
  readonly height: number;
  readonly dpr: number;
}

/** Page → kernel, by kind; each also carries `view`. */
export interface PageMessages {
  ready: Size;
  resize: Size;
  visible: { visible: boolean };
  camera: { camera: Camera; moving: boolean };
  ack: { seq: number; shown: boolean; decode_ms: number };
  gone: Record<string, never>;
  call: { id: number; method: string; params: object };
}

export interface Frame {
  readonly seq: number;
  readonly width: number;
  readonly height: number;
  readonly accumulation: number;
  readonly max_accumulation: number;
  readonly moving: boolean;
  readonly mime: string;
}

export interface ErrorData {
  readonly type: string;
  readonly message: string;
  readonly hint: string;
}

/** Kernel → page, by kind; each also carries `view`. */
export interface KernelMessages {
  welcome: { window: number };
  frame: Frame;
  reply: { id: number; result?: unknown; error?: ErrorData };
}

export interface Listing {
  readonly path: string;
  readonly parent: string | null;
  readonly directories: readonly { readonly name: string; readonly path: string }[];
  readonly files: readonly { readonly name: string; readonly path: string; readonly size: number }[];
}

export interface Circuit {
  readonly path: string;
  readonly populations: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  readonly node_sets: readonly string[];
}

export interface LoadParams {
  path: string;
  population: string;
  density: number;
  node_sets: readonly string[];
  soma: boolean;
  axon: boolean;
  dendrites: boolean;
  radius_multiplier: number;
  color_by: string | null;
}

type Nothing = Record<string, never>;

/** Commands of the panel, by method. */
export interface Calls {
  start: { params: Nothing; result: unknown };
  retry: { params: Nothing; result: unknown };
  list_directory: { params: { path: string | null }; result: Listing };
  inspect_circuit: { params: { path: string }; result: Circuit };
  load_circuit: { params: LoadParams; result: { task: string } };
  cancel: { params: { task: string }; result: unknown };
  update_model: { params: { id: number; visible: boolean }; result: unknown };
  color_model: { params: { id: number; method: string; color: Rgba | null }; result: unknown };
  remove_model: { params: { id: number }; result: unknown };
  reset_camera: { params: Nothing; result: unknown };
  dismiss: { params: Nothing; result: unknown };
}
