// Camera movements, clicks and strokes by pointers, wheel and keys on the canvas.
import type { Camera, Vec3 } from "../contract.js";
import { ACTION_KEYS, type Action } from "./actions.js";
import { orbit, pan, panAlong, type Range, roll, type Spot, turnAbout, zoom } from "./camera.js";
import { SIDES, type Side } from "./framing.js";
import type { Pilot } from "./pilot.js";
import { type Point, pointOn } from "./places.js";
import type { Change, Strokes, Tool } from "./strokes.js";

/** A drag over the whole height of the canvas turns the camera half round. */
const ORBIT_PER_HEIGHT = Math.PI;
const ORBIT_STEP = Math.PI / 36;
const ROLL_STEP = Math.PI / 36;
const PAN_STEP = 0.05;
const ZOOM_STEP = 1.1;
const WHEEL_RATE = 0.0015;
/** A touchpad's pinch comes as a wheel event with ctrlKey and with much smaller steps. */
const PINCH_RATE = 0.01;
const WHEEL_LIMIT = 0.3;
const LINE_PX = 16;
/** Wheel and keys have no end event; after this time without an event the camera is at rest. */
const REST_MS = 150;

export const TOOL_KEYS: Readonly<Record<Tool, string>> = { orbit: "O", rectangle: "S", lasso: "L" };

/** They move the slab back and on. */
export const SLAB_KEYS: readonly string[] = ["[", "]"];
/** Keys that turn the picture, counterclockwise and clockwise. */
export const ROLL_KEYS = ["Q", "E"] as const;

/** While one of these keys is held, the camera turns about this axis only, and moves along it only. */
export const AXES = new Map<string, Vec3>([
  ["X", [1, 0, 0]],
  ["Y", [0, 1, 0]],
  ["Z", [0, 0, 1]],
]);
/** How much slower drag and wheel are with Shift. */
const SLOW = 0.2;

/** CSS pixels that a pointer may move in a click; a drag begins beyond them. */
const CLICK_PX = 5;
/** Within that time and that many CSS pixels, a second click makes a double click. */
const DOUBLE_MS = 400;
const DOUBLE_PX = 10;

export interface GesturePorts {
  reset(): void;
  /** A point of the canvas was clicked; `add`: with Ctrl or ⌘. */
  clicked(point: Point, add: boolean): void;
  /** The place of the last click was clicked once more. */
  clickedTwice(): void;
  lookFrom(side: Side): void;
  /** How far one may zoom. */
  range(): Range | undefined;
  escaped(): void;
  act(action: Action): void;
  /** Moves the slab by its thickness. */
  stepSlab(count: number): void;
  readonly strokes: Strokes;
  /** The wheel was turned over a canvas that does not take it. */
  wheelIgnored(): void;
}

export function listen(canvas: HTMLCanvasElement, pilot: Pilot, ports: GesturePorts, signal: AbortSignal): void {
  const moves = new Moves(canvas, pilot, signal);
  pointers(canvas, moves, ports, signal);
  wheel(canvas, pilot, ports, signal);
  keys(canvas, moves, ports, signal);
  // The right button pans; a menu of the notebook's or the browser's would end that.
  const stop = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  canvas.addEventListener("contextmenu", stop, { signal });
}

/** Turns and moves the camera: freely, or by the axis whose key is held. */
class Moves {
  readonly pilot: Pilot;
  #held = "";

  constructor(canvas: HTMLCanvasElement, pilot: Pilot, signal: AbortSignal) {
    this.pilot = pilot;
    const release = (event: Event) => {
      if (!(event instanceof KeyboardEvent) || event.key.toUpperCase() === this.#held) {
        this.#held = "";
      }
    };
    canvas.addEventListener("keyup", release, { signal });
    canvas.addEventListener("blur", release, { signal });
  }

  /** Whether a key is that of an axis, which is held from now on. */
  hold(key: string): boolean {
    if (AXES.has(key)) {
      this.#held = key;
    }
    return AXES.has(key);
  }

  turn(yaw: number, pitch: number): void {
    this.#steer((camera, axis) => (axis ? turnAbout(camera, axis, yaw, pitch) : orbit(camera, yaw, pitch)));
  }

  pan(right: number, up: number): void {
    this.#steer((camera, axis) => (axis ? panAlong(camera, axis, right, up) : pan(camera, right, up)));
  }

  #steer(change: (camera: Camera, axis: Vec3 | undefined) => Camera): void {
    const axis = AXES.get(this.#held);
    this.pilot.steer((camera) => change(camera, axis));
  }
}

function pointers(canvas: HTMLCanvasElement, moves: Moves, ports: GesturePorts, signal: AbortSignal): void {
  const { strokes } = ports;
  const { pilot } = moves;
  const down = new Map<number, Point>();
  let panning = false;
  /** Whether Shift is held since the drag began, so that it pans and does not slow. */
  let shifted = false;
  /** What the stroke does that the drag draws; it is no stroke if null. */
  let change: Change | null = null;
  /** Where on the canvas the pointer went down, while it may still be a click. */
  let pressed: Point | null = null;
  /** A click that may be the first of two. */
  let clicked: { readonly at: number; readonly point: Point } | null = null;

  const move = (id: number, from: Point, to: Point, pace: number) => {
    const height = canvas.clientHeight || 1;
    const other = [...down].find(([key]) => key !== id)?.[1];
    if (other) {
      const before = Math.hypot(from.x - other.x, from.y - other.y);
      const after = Math.hypot(to.x - other.x, to.y - other.y);
      // The middle of two fingers moves half as far as one of them.
      const right = (from.x - to.x) / 2 / height;
      const up = (to.y - from.y) / 2 / height;
      const { left, top } = canvas.getBoundingClientRect();
      const middle = spotOf(canvas, { x: (to.x + other.x) / 2 - left, y: (to.y + other.y) / 2 - top });
      const factor = before / Math.max(after, 1);
      pilot.steer((camera) => zoom(pan(camera, right, up), factor, middle, ports.range()));
    } else if (panning) {
      moves.pan((pace * (from.x - to.x)) / height, (pace * (to.y - from.y)) / height);
    } else {
      const rate = (pace * ORBIT_PER_HEIGHT) / height;
      moves.turn((from.x - to.x) * rate, (from.y - to.y) * rate);
    }
  };

  canvas.addEventListener(
    "pointerdown",
    (event) => {
      if (down.size === 2) {
        return;
      }
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      if (down.size === 0) {
        change = event.button === 0 ? strokes.changeBy(event) : null;
        shifted = event.shiftKey;
        panning = event.button !== 0 || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey;
      } else if (change) {
        strokes.cancel(); // two fingers move the camera, and the one that stays pans
        change = null;
        panning = true;
      }
      pressed = down.size === 0 && event.button === 0 ? pointOn(canvas, event) : null;
      down.set(event.pointerId, { x: event.clientX, y: event.clientY });
      event.preventDefault();
    },
    { signal },
  );
  canvas.addEventListener(
    "pointermove",
    (event) => {
      const from = down.get(event.pointerId);
      const to = { x: event.clientX, y: event.clientY };
      const point = pointOn(canvas, event);
      if (pressed && Math.hypot(point.x - pressed.x, point.y - pressed.y) >= CLICK_PX) {
        if (change) {
          strokes.begin(pressed, change);
        }
        pressed = null;
      }
      if (from && !pressed && (from.x !== to.x || from.y !== to.y)) {
        if (change) {
          strokes.to(point);
        } else {
          shifted &&= event.shiftKey;
          move(event.pointerId, from, to, event.shiftKey && !shifted ? SLOW : 1);
        }
        down.set(event.pointerId, to);
      }
    },
    { signal },
  );
  const click = (point: Point, event: PointerEvent) => {
    const { timeStamp } = event;
    const near = clicked && Math.hypot(point.x - clicked.point.x, point.y - clicked.point.y) < DOUBLE_PX;
    if (clicked && near && timeStamp - clicked.at < DOUBLE_MS) {
      clicked = null;
      ports.clickedTwice();
    } else {
      clicked = { at: timeStamp, point };
      ports.clicked(point, event.ctrlKey || event.metaKey);
    }
  };
  const end = (event: PointerEvent) => {
    if (!down.delete(event.pointerId) || down.size > 0) {
      return;
    }
    pilot.rest();
    if (pressed && event.type === "pointerup") {
      click(pointOn(canvas, event), event);
    } else if (change && event.type === "pointerup") {
      void strokes.end();
    } else if (change) {
      strokes.cancel();
    }
    pressed = change = null;
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
    canvas.addEventListener(name, end, { signal });
  }
}

function wheel(canvas: HTMLCanvasElement, pilot: Pilot, ports: GesturePorts, signal: AbortSignal): void {
  canvas.addEventListener(
    "wheel",
    (event) => {
      const modified = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
      if (!modified && document.activeElement !== canvas && !focusedInShadow(canvas)) {
        ports.wheelIgnored(); // the notebook scrolls
        return;
      }
      event.preventDefault();
      event.stopPropagation();
      const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX;
      // Some systems turn the wheel's axis while Shift is held.
      const turned = (event.deltaY || event.deltaX) * unit * (event.ctrlKey ? PINCH_RATE : WHEEL_RATE);
      const exponent = Math.min(Math.max(turned, -WHEEL_LIMIT), WHEEL_LIMIT);
      const spot = spotOf(canvas, pointOn(canvas, event));
      const pace = event.shiftKey ? SLOW : 1;
      pilot.steer((camera) => zoom(camera, Math.exp(pace * exponent), spot, ports.range()));
      pilot.rest(REST_MS);
    },
    { signal, passive: false },
  );
}

function spotOf(canvas: HTMLCanvasElement, { x, y }: Point): Spot {
  const { clientWidth, clientHeight } = canvas;
  return { right: (x - clientWidth / 2) / clientHeight, up: (clientHeight / 2 - y) / clientHeight };
}

function focusedInShadow(canvas: HTMLCanvasElement): boolean {
  const root = canvas.getRootNode();
  return root instanceof ShadowRoot && root.activeElement === canvas;
}

function keys(canvas: HTMLCanvasElement, moves: Moves, ports: GesturePorts, signal: AbortSignal): void {
  const { pilot } = moves;
  const arrows: Record<string, Point> = {
    ArrowLeft: { x: -1, y: 0 },
    ArrowRight: { x: 1, y: 0 },
    ArrowUp: { x: 0, y: 1 },
    ArrowDown: { x: 0, y: -1 },
  };
  const zooms: Record<string, number> = {
    "+": 1 / ZOOM_STEP,
    "=": 1 / ZOOM_STEP,
    PageUp: 1 / ZOOM_STEP,
    "-": ZOOM_STEP,
    _: ZOOM_STEP,
    PageDown: ZOOM_STEP,
  };
  const rolls: Record<string, number> = { [ROLL_KEYS[0]]: -ROLL_STEP, [ROLL_KEYS[1]]: ROLL_STEP };
  const tools = byKey(TOOL_KEYS);
  const actions = byKey(ACTION_KEYS);
  canvas.addEventListener(
    "keydown",
    (event) => {
      if ((event.ctrlKey || event.metaKey || event.altKey) && event.key !== "Escape") {
        return; // who draws a stroke may hold them
      }
      const arrow = arrows[event.key];
      const factor = zooms[event.key];
      const letter = event.key.toUpperCase();
      const side = SIDES[Number(event.key) - 1];
      const turn = rolls[letter];
      const tool = tools.get(letter);
      const step = SLAB_KEYS.indexOf(event.key);
      const action = actions.get(letter);
      if (arrow && event.shiftKey) {
        moves.pan(arrow.x * PAN_STEP, arrow.y * PAN_STEP);
      } else if (arrow) {
        moves.turn(arrow.x * ORBIT_STEP, -arrow.y * ORBIT_STEP);
      } else if (factor) {
        pilot.steer((camera) => zoom(camera, factor, undefined, ports.range()));
      } else if (turn) {
        pilot.steer((camera) => roll(camera, turn));
      } else if (side) {
        ports.lookFrom(side);
      } else if (moves.hold(letter)) {
        event.preventDefault();
        event.stopPropagation();
        return; // it moves nothing by itself, and what moves goes on
      } else if (step >= 0) {
        ports.stepSlab(step === 0 ? -1 : 1);
      } else if (letter === "R") {
        ports.reset();
      } else if (tool) {
        ports.strokes.choose(tool);
      } else if (action && !event.repeat) {
        ports.act(action);
      } else if (event.key === "Escape") {
        ports.escaped();
      } else {
        return;
      }
      pilot.rest(REST_MS);
      event.preventDefault();
      event.stopPropagation();
    },
    { signal },
  );
}

/** The names in a table of keys, by key. */
function byKey<T extends string>(keys: Readonly<Record<T, string>>): ReadonlyMap<string, T> {
  return new Map((Object.keys(keys) as T[]).map((name) => [keys[name], name]));
}
