// The picture of one view: frames go from the kernel to the canvas, sizes and movements from the canvas to the kernel.
import { effect, signal } from "@preact/signals";
import type { Frame, WidgetModel } from "../contract.js";
import { Link } from "../kernel/link.js";
import type { TraitSignals } from "../kernel/traits.js";
import { atEnd } from "../lifetime.js";
import { Canvas } from "./canvas.js";
import { FrameDecoder } from "./frames.js";
import { listen } from "./gestures.js";
import { Pilot } from "./pilot.js";
import { Steering } from "./steering.js";

const HINT_MS = 1800;
/** Cameras under way without their pictures. On a socket a second one only waits; it doubles the comm's frame rate. */
const SOCKET_WINDOW = 1;
const COMM_WINDOW = 2;

export class Picture {
  readonly link: Link;
  readonly pilot: Pilot;
  /** The frame that is shown; null until there is one. */
  readonly frame = signal<Frame | null>(null);
  /** Whether all greetings remained without an answer. */
  readonly silent = signal(false);
  /** A temporary message, or "". */
  readonly hint = signal("");
  readonly #signal: AbortSignal;
  readonly #decoder: FrameDecoder;
  readonly #steering: Steering;
  #canvas: Canvas | null = null;
  #hintTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(model: WidgetModel, view: string, traits: TraitSignals, end: AbortSignal) {
    this.#signal = end;
    this.link = new Link(
      model,
      view,
      {
        welcome: () => {
          this.#restart();
          this.silent.value = false;
          this.link.send("visible", { visible: this.#canvas?.visible ?? true });
        },
        frame: (frame, data) => this.#decoder.push(frame, data),
        rerouted: () => this.#restart(),
        unplugged: () => this.greet(),
        silent: () => {
          this.silent.value = true;
        },
      },
      end,
    );
    this.pilot = new Pilot(
      {
        read: () => traits.camera.peek(),
        send: (camera, moving) => this.#steering.steer(camera, moving),
      },
      end,
    );
    this.#steering = new Steering({
      camera: (message) => {
        this.link.steer("camera", message);
        this.#canvas?.tell("bw-camera", { number: message.number });
      },
      ack: (acks) => this.link.steer("ack", { acks }),
      window: () => (this.link.plugged ? SOCKET_WINDOW : COMM_WINDOW),
    });
    this.#decoder = new FrameDecoder((blob) => createImageBitmap(blob), {
      show: (bitmap, frame) => {
        this.#canvas?.show(bitmap);
        this.frame.value = frame;
        this.#canvas?.tell("bw-shown", frame);
      },
      ack: (frame, shown, decode_ms) => this.#steering.answer({ seq: frame.seq, shown, decode_ms }, frame.camera),
      broken: (error) => {
        console.error("brayns_widget: a frame could not be decoded", error);
        this.say("A picture came that this browser cannot decode.");
      },
    });
    const stopFollowing = effect(() => {
      traits.camera.value;
      this.pilot.follow();
    });
    atEnd(end, () => {
      stopFollowing();
      this.#decoder.close();
      this.#steering.close();
      clearTimeout(this.#hintTimer);
    });
  }

  /** Shows the picture on `element`, which also gets the gestures. Call it once per view. */
  attach(element: HTMLCanvasElement): void {
    this.#canvas = new Canvas(
      element,
      {
        ready: () => this.greet(),
        resized: (size) => this.link.send("resize", size),
        visible: (visible) => this.link.send("visible", { visible }),
      },
      this.#signal,
    );
    const ports = {
      reset: () => this.resetCamera(),
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

  #restart(): void {
    this.#decoder.restart();
    this.#steering.restart();
  }

  resetCamera(): void {
    this.pilot.release();
    this.link.call("camera.reset", {}).catch((error: unknown) => this.say(String(error)));
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
