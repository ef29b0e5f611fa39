// The picture of one view: frames go from the kernel to the canvas, sizes and movements from the canvas to the kernel.
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Camera, Frame, Size, Vec3, WidgetModel } from "../contract.js";
import { attend } from "../kernel/attendance.js";
import { Link } from "../kernel/link.js";
import { KernelWatch } from "../kernel/presence.js";
import type { TraitSignals } from "../kernel/traits.js";
import { atEnd } from "../lifetime.js";
import { download } from "../ui/download.js";
import { formatCount } from "../ui/format.js";
import type { Travel } from "../undo.js";
import type { Action } from "./actions.js";
import { Canvas } from "./canvas.js";
import { cellsWithin, countCells } from "./cells.js";
import { Cuts } from "./cuts.js";
import { FrameDecoder } from "./frames.js";
import { boxOf, corners, focused, framing, outlineOf, type Side, seenFrom, zoomRange } from "./framing.js";
import { listen } from "./gestures.js";
import { type Ids, type Seen, ShownIds } from "./ids.js";
import { Partners } from "./partners.js";
import { Picking, portsOf } from "./picking.js";
import { Pilot } from "./pilot.js";
import { type Place, type Point, seenAt, toPlace, toPlane, toPoint } from "./places.js";
import { copyOf, isGivenUp, render } from "./saving.js";
import { Sight } from "./sight.js";
import { Slab } from "./slab.js";
import { Steering } from "./steering.js";
import { type Change, Strokes } from "./strokes.js";

const NO_IDS = "This renderer does not tell which cells a picture shows; that of the local service does.";
const NO_JOB = "There is no picture to select in.";
/** Where a scene without models is looked at from. */
const HOME: Pick<Camera, "position" | "target" | "up"> = { position: [0, 0, 1000], target: [0, 0, 0], up: [0, 1, 0] };
const HINT_MS = 1800;
/** CSS pixels around a pointer in which something thin is found. */
const REACH = 3;
/** A picture that has not come by then is late; by `DOUBT_MS` the kernel is asked, to tell who does not answer. */
const LATE_MS = 1800;
const DOUBT_MS = 300;
/** Cameras under way without their pictures. On a socket a second one only waits; it doubles the comm's frame rate. */
const SOCKET_WINDOW = 1;
const COMM_WINDOW = 2;

export class Picture {
  readonly link: Link;
  readonly pilot: Pilot;
  /** The frame that is shown; null until there is one. */
  readonly frame = signal<Frame | null>(null);
  readonly #sight = new Sight();
  /** The camera of the picture that is shown; null while another view moves it. */
  readonly seen = this.#sight.camera;
  /** What was picked in it. */
  readonly picking: Picking;
  /** Partners of a cell, and the walk from one to the next. */
  readonly partners: Partners;
  /** Planes and boxes that cut, as one moves them. */
  readonly cuts: Cuts;
  /** The slab, as one moves it. */
  readonly slab: Slab;
  /** What is drawn over it to select. */
  readonly strokes: Strokes;
  /** Why nothing can be selected by what the picture shows, or "". */
  readonly obstacle: ReadonlySignal<string>;
  readonly #ids = new ShownIds(this.frame, (error) => {
    console.error("brayns_widget: what a frame shows could not be read", error);
  });
  /** What it shows, while it is at rest and that is known. */
  readonly ids = this.#ids.current;
  /** Whether the kernel is there. */
  readonly kernel: KernelWatch;
  /** Whether the canvas can be seen. */
  readonly visible = signal(false);
  /** Whether a picture was asked for some time ago, and none has come. */
  readonly late = signal(false);
  /** Whether what makes the frames does not answer or is gone. */
  readonly unmade = signal(false);
  /** Whether the legend is not folded. */
  readonly legendOpen = signal(true);
  /** Whether the picture that is wanted takes long, so that what is seen is older. */
  readonly drawing = signal(false);
  /** Whether a picture is made that the browser will keep. */
  readonly saving = signal(false);
  /** A temporary message, or "". */
  readonly hint = signal("");
  readonly #model: WidgetModel;
  readonly #traits: TraitSignals;
  readonly #signal: AbortSignal;
  readonly #decoder: FrameDecoder;
  readonly #steering: Steering;
  #canvas: Canvas | null = null;
  #hintTimer: ReturnType<typeof setTimeout> | undefined;
  #lateTimer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the model's camera changes because this view moves it. */
  #sharing = false;

  constructor(model: WidgetModel, view: string, traits: TraitSignals, end: AbortSignal) {
    this.#model = model;
    this.#traits = traits;
    this.#signal = end;
    this.link = new Link(
      model,
      view,
      {
        welcome: ({ binder }) => {
          this.kernel.welcomed(binder);
          this.unmade.value = false;
          this.drawing.value = false;
          this.#restart();
          this.#tellVisible();
        },
        rerouted: () => this.#restart(),
        unplugged: () => this.greet(),
        maker: (silent) => {
          this.unmade.value = silent;
        },
        drawing: (late) => {
          this.drawing.value = late;
        },
        kernelEnded: () => this.kernel.ended(),
        frame: (frame, data) => {
          this.#want(false);
          this.#decoder.push(frame, data);
        },
        ids: (ids, data) => void this.#ids.push(ids, data),
        heard: () => this.kernel.heard(),
        expect: () => this.kernel.expect(),
        unsent: () => this.kernel.unsent(),
      },
      end,
    );
    this.picking = new Picking({ ...portsOf(this.link), failed: (error) => this.#sayError(error) }, traits.pins);
    this.partners = new Partners(this.link, () => this.act("frame"));
    this.cuts = new Cuts(this.link, traits, end);
    this.slab = new Slab(this.link, traits, end);
    this.obstacle = computed(() => {
      const [job, { state }] = [traits.job.value, traits.status.value];
      return job.tells_ids ? "" : state === "ready" ? NO_IDS : NO_JOB;
    });
    this.strokes = new Strokes(
      {
        obstacle: this.obstacle,
        ids: this.ids,
        camera: () => this.pilot.camera,
        places: (points) => this.#places(points),
        take: (ids, outline, change) => this.#take(ids, outline, change),
        say: (text) => this.say(text),
      },
      end,
    );
    this.kernel = new KernelWatch(
      model,
      () => this.link.send("ping", {}),
      () => this.greet(),
      end,
    );
    attend(() => {
      if (this.kernel.state.peek() === "here" && !this.link.plugged.peek()) {
        this.#tellVisible(); // a socket tells by being open
      }
    }, end);
    this.pilot = new Pilot(
      {
        read: () => traits.camera.peek(),
        send: (camera, moving) => {
          this.#want(true);
          this.strokes.cancel(); // it is about what is no longer seen
          this.#steering.steer(camera, moving);
          this.#share(camera, moving);
        },
      },
      end,
    );
    this.#steering = new Steering({
      camera: (message) => {
        this.#sight.sent(message.number, message.camera, message.moving);
        this.link.steer("camera", message);
        this.#canvas?.tell("bw-camera", { number: message.number });
      },
      ack: (acks) => this.link.steer("ack", { acks }),
      window: () => (this.link.plugged.peek() ? SOCKET_WINDOW : COMM_WINDOW),
    });
    this.#decoder = new FrameDecoder((blob) => createImageBitmap(blob), {
      show: (bitmap, frame) => {
        this.#canvas?.show(bitmap);
        batch(() => {
          this.frame.value = frame;
          this.#sight.shown(frame, this.pilot.camera);
        });
        this.#canvas?.tell("bw-shown", frame);
      },
      eager: () => this.link.plugged.peek(),
      ack: (frame, shown, decode_ms) => this.#steering.answer({ seq: frame.seq, shown, decode_ms }, frame.camera),
      broken: (error) => {
        console.error("brayns_widget: a frame could not be decoded", error);
        this.say("A picture came that this browser cannot decode.");
      },
    });
    const stopFollowing = effect(() => {
      traits.camera.value;
      if (!this.#sharing) {
        this.pilot.follow();
        this.#sight.followed(this.pilot.camera);
      }
    });
    const stopDoubting = this.kernel.state.subscribe((state) => {
      if (this.link.plugged.peek()) {
        return; // pictures do not come by the kernel
      }
      const wanted = this.#lateTimer !== undefined;
      this.#want(false);
      this.#want(wanted && state === "here"); // its time begins when the kernel hands it on
    });
    atEnd(end, () => {
      stopFollowing();
      stopDoubting();
      this.#decoder.close();
      this.#ids.drop();
      this.#steering.close();
      clearTimeout(this.#hintTimer);
      clearTimeout(this.#lateTimer);
    });
  }

  /** Shows the picture on `element`, which also gets the gestures. Call it once per view. */
  attach(element: HTMLCanvasElement): void {
    this.#canvas = new Canvas(
      element,
      {
        ready: () => this.greet(),
        resized: (size) => this.link.send("resize", size),
        visible: (visible) => {
          this.link.send("visible", { visible });
          this.#look(visible);
        },
      },
      this.#signal,
    );
    const ports = {
      reset: () => this.resetCamera(),
      clicked: (point: Point, add: boolean) => this.#click(point, add),
      clickedTwice: () => void this.#focus(),
      lookFrom: (side: Side) => this.lookFrom(side),
      range: () => zoomRange(boxOf(this.#traits.models.peek())),
      escaped: () => this.#escape(),
      act: (action: Action) => void this.act(action).catch((error: unknown) => this.#sayError(error)),
      stepSlab: (count: number) => this.slab.step(count),
      strokes: this.strokes,
      wheelIgnored: () => this.say("Click the picture, or hold Ctrl, to zoom with the wheel."),
    };
    listen(element, this.pilot, ports, this.#signal);
  }

  /** Tells the kernel that this view is there and how large it is. */
  greet(): void {
    const canvas = this.#canvas;
    if (canvas) {
      this.link.greet(() => canvas.size);
    }
  }

  #tellVisible(): void {
    this.link.send("visible", { visible: this.#canvas?.visible ?? true });
  }

  #restart(): void {
    this.#decoder.restart();
    this.#ids.drop();
    this.#steering.restart();
  }

  #look(visible: boolean): void {
    this.visible.value = visible;
    this.kernel.look(visible);
    if (!visible) {
      this.#want(false);
    }
  }

  /** A picture is expected from now on, or no more. */
  #want(wanted: boolean): void {
    if (!wanted) {
      clearTimeout(this.#lateTimer);
      this.#lateTimer = undefined;
      this.late.value = false;
    } else if (this.#traits.status.peek().state === "ready" && this.visible.peek()) {
      this.#lateTimer ??= setTimeout(() => {
        this.kernel.expect();
        this.#lateTimer = setTimeout(() => {
          this.late.value = true;
        }, LATE_MS - DOUBT_MS);
      }, DOUBT_MS);
    }
  }

  /** Lets others on the page, such as jslink, follow a gesture; the kernel gets the last camera of it. */
  #share(camera: Camera, moving: boolean): void {
    this.#sharing = true;
    this.#model.set("camera", camera);
    this.#sharing = false;
    if (!moving) {
      this.#model.save_changes(); // else the next change of any trait would bring this camera back
    }
  }

  /**
   * What is seen nearest to a point of the canvas, and the place of that in the picture; null where there is nothing,
   * and until it is known. It changes with the picture.
   */
  seenNear(point: Point): { readonly seen: Seen; readonly place: Place } | null {
    const ids = this.#ids.current.value;
    const element = this.#canvas?.element;
    if (!ids || !element) {
      return null;
    }
    const place = toPlace(point, { width: element.clientWidth, height: element.clientHeight }, ids);
    return place && ids.near(place, Math.round((REACH * ids.height) / element.clientHeight));
  }

  /** The point of the canvas at which the picture shows a position (µm), in fractions of its sides, or null. */
  pointOf(position: Vec3): Point | null {
    const [camera, frame, element] = [this.#sight.camera.value, this.frame.value, this.#canvas?.element];
    if (!camera || !frame || !element) {
      return null;
    }
    const canvas = { width: element.clientWidth, height: element.clientHeight };
    const place = seenAt(position, camera, frame);
    const point = place && toPoint(place, canvas, frame);
    return point && { x: point.x / canvas.width, y: point.y / canvas.height };
  }

  /** How far two points are apart that `pointOf` has given, in CSS pixels; it changes with the canvas' size. */
  between(a: Point, b: Point): number {
    const { clientWidth = 0, clientHeight = 0 } = (this.size && this.#canvas?.element) ?? {};
    return Math.hypot((a.x - b.x) * clientWidth, (a.y - b.y) * clientHeight);
  }

  #click(point: Point, add: boolean): void {
    const [frame, element] = [this.frame.peek(), this.#canvas?.element];
    if (!frame || !element) {
      return;
    }
    const seen = this.seenNear(point); // what the tooltip names
    const place = seen?.place ?? toPlace(point, { width: element.clientWidth, height: element.clientHeight }, frame);
    if (place) {
      void this.picking.pick(place, add, frame.width / frame.height);
    }
  }

  #places(points: readonly Point[]): readonly Place[] {
    const [frame, element] = [this.frame.peek(), this.#canvas?.element];
    if (!frame || !element) {
      return [];
    }
    const canvas = { width: element.clientWidth, height: element.clientHeight };
    return points.map((point) => toPlane(point, canvas, frame));
  }

  #take(ids: Ids, outline: readonly Place[], change: Change): void {
    const cells = cellsWithin(ids, outline, this.#traits.models.peek());
    const count = countCells(cells);
    this.say(`${count === 0 ? "No" : formatCount(count)} ${count === 1 ? "cell" : "cells"} within.`);
    if (count > 0 || change === "set") {
      void this.picking.change(change, cells);
    }
  }

  /** Undoes the last thing of these: a stroke, the selection, the choice of a tool. */
  #escape(): void {
    const selects = Object.keys(this.#traits.selection.peek()).length > 0 || this.picking.cards.peek().length > 0;
    if (this.strokes.cancel()) {
      return;
    }
    if (!selects && this.strokes.tool.peek() !== "orbit") {
      this.strokes.choose("orbit");
    } else {
      void this.picking.clear();
    }
  }

  /** Does something with the selected cells. */
  async act(action: Action): Promise<void> {
    if (action === "frame") {
      this.framePoints(corners(await this.link.call("selection.bounds", {})));
    } else {
      await this.link.call(`selection.${action}`, {});
    }
  }

  /** Undoes what was done to the scene last, or does it again. */
  travel(way: Travel): void {
    this.pilot.release(); // the camera may be what goes back
    this.link.call(`history.${way}`, {}).catch((error: unknown) => this.#sayError(error));
  }

  /** The size of the canvas. */
  get size(): Size | null {
    return this.#canvas?.size ?? null;
  }

  /** Lets the browser keep what is seen; without a renderer that is what the canvas shows. */
  async save(): Promise<void> {
    const canvas = this.#canvas;
    if (!canvas || this.frame.peek() === null) {
      this.say("There is no picture yet.");
      return;
    }
    const isThere = this.kernel.state.peek() === "here" && this.#traits.status.peek().state === "ready";
    let blob: Blob | null = null;
    this.saving.value = true;
    try {
      const legend_place = this.legendOpen.peek() ? this.#traits.legend_place.peek() : "hidden";
      const scale_bar = this.#traits.scale_bar.peek();
      blob = isThere ? await render(this.link, canvas.size, { legend_place, scale_bar }) : null;
    } catch (error) {
      if (isGivenUp(error)) {
        return;
      }
      this.#sayError(error);
    } finally {
      this.saving.value = false;
    }
    blob ??= await copyOf(canvas.element);
    if (blob) {
      download("picture.png", blob);
    }
  }

  /** Looks at all visible models from the front, or where these will be. */
  resetCamera(): void {
    const points = outlineOf(this.#traits.models.peek());
    this.pilot.fly((camera) =>
      points.length > 0 ? framing(seenFrom(camera, "front"), points, this.#aspect) : { ...camera, ...HOME },
    );
  }

  /** Looks at all visible models from a side. */
  lookFrom(side: Side): void {
    const points = outlineOf(this.#traits.models.peek());
    this.pilot.fly((camera) => {
      const turned = seenFrom(camera, side);
      return points.length > 0 ? framing(turned, points, this.#aspect) : turned;
    });
  }

  /** Looks through another camera. */
  lookThrough(camera: Camera): void {
    this.pilot.fly(() => camera);
  }

  /** Shows all of some points, from where one looks now. */
  framePoints(points: readonly Vec3[]): void {
    this.pilot.fly((camera) => framing(camera, points, this.#aspect));
  }

  /** Turns to what was clicked last. */
  async #focus(): Promise<void> {
    const position = (await this.picking.found)?.position;
    if (position) {
      this.pilot.fly((camera) => focused(camera, position));
    }
  }

  get #aspect(): number {
    const { width, height } = this.#canvas?.size ?? { width: 4, height: 3 };
    return width / height;
  }

  #sayError(error: unknown): void {
    this.say(error instanceof Error ? error.message : String(error));
  }

  /** Shows a temporary message over the picture. */
  say(text: string): void {
    this.hint.value = text;
    clearTimeout(this.#hintTimer);
    this.#hintTimer = setTimeout(() => {
      this.hint.value = "";
    }, HINT_MS);
  }
}
