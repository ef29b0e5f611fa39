// Who steers: the user's hand while a gesture lasts, the model's camera trait else.
import { sameView } from "./camera.js";
import type { Camera } from "./contract.js";

/** How long traits that are older than our last move may still arrive. */
const ECHO_MS = 1000;

export interface PilotPorts {
  /** The model's camera. */
  read(): Camera;
  send(camera: Camera, moving: boolean): void;
}

export class Pilot {
  readonly #ports: PilotPorts;
  #camera: Camera;
  #moving = false;
  #resting = false;
  #request = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #echoTimer: ReturnType<typeof setTimeout> | undefined;
  /** The last camera that was sent and that the model does not show yet. */
  #sent: Camera | null = null;

  constructor(ports: PilotPorts, signal: AbortSignal) {
    this.#ports = ports;
    this.#camera = ports.read();
    signal.addEventListener("abort", () => {
      cancelAnimationFrame(this.#request);
      clearTimeout(this.#restTimer);
      clearTimeout(this.#echoTimer);
    });
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** Part of a gesture; moves of one animation frame become one message. */
  steer(change: (camera: Camera) => Camera): void {
    clearTimeout(this.#restTimer);
    this.#camera = change(this.#camera);
    this.#moving = true;
    this.#resting = false;
    this.#schedule();
  }

  /** The gesture is over, or will be if nothing moves for `delay` milliseconds. */
  rest(delay = 0): void {
    if (!this.#moving) {
      return;
    }
    clearTimeout(this.#restTimer);
    if (delay > 0) {
      this.#restTimer = setTimeout(() => this.rest(), delay);
    } else {
      this.#resting = true;
      this.#schedule();
    }
  }

  /** The model's camera has changed. */
  follow(): void {
    const camera = this.#ports.read();
    if (this.#moving || (this.#sent && !sameView(camera, this.#sent))) {
      return;
    }
    this.release();
  }

  /** Takes the model's camera as it is, without waiting for the echo of earlier moves. */
  release(): void {
    clearTimeout(this.#echoTimer);
    this.#sent = null;
    if (!this.#moving) {
      this.#camera = this.#ports.read();
    }
  }

  #schedule(): void {
    if (!this.#request) {
      this.#request = requestAnimationFrame(() => this.#flush());
    }
  }

  #flush(): void {
    this.#request = 0;
    if (this.#resting) {
      this.#moving = false;
      this.#resting = false;
    }
    clearTimeout(this.#echoTimer);
    this.#sent = this.#camera;
    if (!this.#moving) {
      this.#echoTimer = setTimeout(() => this.release(), ECHO_MS);
    }
    this.#ports.send(this.#camera, this.#moving);
  }
}
