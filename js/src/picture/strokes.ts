// Strokes that select: a rectangle or a lasso is drawn over the picture, and the cells seen within it are taken.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Camera } from "../contract.js";
import { atEnd } from "../lifetime.js";
import { sameView } from "./camera.js";
import type { Ids } from "./ids.js";
import type { Place, Point } from "./places.js";

export type Tool = "orbit" | "rectangle" | "lasso";
/** What becomes of the cells within a stroke. */
export type Change = "set" | "add" | "remove";

export interface Stroke {
  /** Corners of its outline, in CSS pixels of the canvas. */
  readonly points: readonly Point[];
  readonly change: Change;
}

export interface StrokePorts {
  /** Why there is nothing to select by, or "". */
  readonly obstacle: ReadonlySignal<string>;
  /** What the picture shows, once it is at rest. */
  readonly ids: ReadonlySignal<Ids | null>;
  camera(): Camera;
  /** The places under points of the canvas. */
  places(points: readonly Point[]): readonly Place[];
  take(ids: Ids, outline: readonly Place[], change: Change): void;
  say(text: string): void;
}

/** CSS pixels between the points of a lasso. */
const STEP_PX = 2;
/** A picture that is drawn with all its samples by then is worth waiting for. */
const REST_MS = 20_000;

type Modifiers = Pick<PointerEvent, "altKey" | "ctrlKey" | "metaKey" | "shiftKey">;

export class Strokes {
  readonly #ports: StrokePorts;
  readonly #chosen = signal<Tool>("orbit");
  readonly #stroke = signal<Stroke | null>(null);
  #camera: Camera | null = null;
  #waiting: AbortController | null = null;
  /** What a drag of the primary button does. */
  readonly tool: ReadonlySignal<Tool>;

  constructor(ports: StrokePorts, end: AbortSignal) {
    this.#ports = ports;
    this.tool = computed(() => (ports.obstacle.value ? "orbit" : this.#chosen.value));
    atEnd(end, () => this.cancel());
  }

  /** The stroke that is drawn, or was drawn and waits for the picture. */
  get stroke(): ReadonlySignal<Stroke | null> {
    return this.#stroke;
  }

  choose(tool: Tool): void {
    this.cancel();
    const obstacle = this.#ports.obstacle.peek();
    if (obstacle && tool !== "orbit") {
      this.#ports.say(obstacle);
    } else {
      this.#chosen.value = tool;
    }
  }

  /** What a drag with these keys does to the selection; null if it moves the camera. */
  changeBy({ altKey, ctrlKey, metaKey, shiftKey }: Modifiers): Change | null {
    const adds = ctrlKey || metaKey;
    if (this.tool.peek() === "orbit" || (shiftKey && !adds)) {
      return null;
    }
    return altKey || shiftKey ? "remove" : adds ? "add" : "set";
  }

  begin(point: Point, change: Change): void {
    this.cancel();
    this.#camera = this.#ports.camera();
    this.#stroke.value = { points: [point], change };
  }

  /** Draws on; nothing happens after it was canceled. */
  to(point: Point): void {
    const stroke = this.#stroke.peek();
    const [first] = stroke?.points ?? [];
    const last = stroke?.points.at(-1);
    if (!stroke || !first || !last || this.#waiting) {
      return;
    }
    if (this.tool.peek() === "rectangle") {
      const corners = [first, { x: point.x, y: first.y }, point, { x: first.x, y: point.y }];
      this.#stroke.value = { ...stroke, points: corners };
    } else if (Math.hypot(point.x - last.x, point.y - last.y) >= STEP_PX) {
      this.#stroke.value = { ...stroke, points: [...stroke.points, point] };
    }
  }

  /** Takes the cells within the stroke, as soon as it is known what the picture shows. */
  async end(): Promise<void> {
    const [stroke, camera] = [this.#stroke.peek(), this.#camera];
    if (!stroke || !camera || this.#waiting) {
      return;
    }
    const waiting = new AbortController();
    this.#waiting = waiting;
    const outline = this.#ports.places(stroke.points);
    const ids = this.#ports.ids.peek() ?? (await comes(this.#ports.ids, waiting.signal));
    if (this.#waiting !== waiting) {
      return;
    }
    this.cancel();
    if (!ids) {
      this.#ports.say("Nothing was selected: the picture has not come to rest.");
    } else if (!sameView(this.#ports.camera(), camera)) {
      this.#ports.say("Nothing was selected: the camera has moved.");
    } else {
      this.#ports.take(ids, outline, stroke.change);
    }
  }

  /** Forgets the stroke; returns whether there was one. */
  cancel(): boolean {
    const running = this.#stroke.peek() !== null;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#stroke.value = null;
    waiting?.abort();
    return running;
  }
}

/** Resolves to what a signal has next, or to null after `REST_MS`, or when `stop` is aborted. */
function comes(ids: ReadonlySignal<Ids | null>, stop: AbortSignal): Promise<Ids | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(null), REST_MS);
    const unsubscribe = ids.subscribe((value) => {
      if (value) {
        done(value);
      }
    });
    const done = (value: Ids | null) => {
      clearTimeout(timer);
      unsubscribe();
      resolve(value);
    };
    stop.addEventListener("abort", () => done(null), { once: true });
  });
}
