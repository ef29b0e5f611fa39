// The pilot of the camera: the user's hand during a gesture, else the model's camera trait.

import type { Camera } from "../contract.js";
import { atEnd } from "../lifetime.js";
import { sameView } from "./camera.js";
import { flight } from "./flight.js";

/** How long the camera is on its way to where it was sent. */
const FLIGHT_MS = 400;

/** Time during which traits that are older than our last move may still arrive. */
const ECHO_MS = 1000;

/** Cameras of ours that may still come back. */
const MAX_RESTS = 8;

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
  /** The animation frame of a flight, or 0. */
  #flight = 0;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #echoTimer: ReturnType<typeof setTimeout> | undefined;
  /** The last camera that was sent and that the model does not have yet. */
  #sent: Camera | null = null;
  /** Whether the model has had another camera since. */
  #other = false;
  /** Whether that one is nobody's echo, but from another view's gesture, or from Python. */
  #foreign = false;
  /** Where gestures have ended, the newest last. */
  #rests: Camera[] = [];

  constructor(ports: PilotPorts, signal: AbortSignal) {
    this.#ports = ports;
    this.#camera = ports.read();
    atEnd(signal, () => {
      cancelAnimationFrame(this.#request);
      this.#land();
      clearTimeout(this.#restTimer);
      clearTimeout(this.#echoTimer);
    });
  }

  get camera(): Camera {
    return this.#camera;
  }

  /** Part of a gesture; moves of one animation frame become one message. */
  steer(change: (camera: Camera) => Camera): void {
    this.#land();
    this.#start();
    this.#go(change(this.#camera));
  }

  /** A gesture without a hand: goes where `end` says from the present camera, at once if people want no motion. */
  fly(end: (camera: Camera) => Camera): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.steer(end);
      this.rest();
      return;
    }
    this.#land();
    this.#start();
    const way = flight(this.#camera, end(this.#camera));
    const began = performance.now();
    const step = () => {
      const share = (performance.now() - began) / FLIGHT_MS;
      this.#go(way(share));
      if (share < 1) {
        this.#flight = requestAnimationFrame(step);
      } else {
        this.#land();
        this.rest();
      }
    };
    step();
  }

  #land(): void {
    cancelAnimationFrame(this.#flight);
    this.#flight = 0;
  }

  #start(): void {
    clearTimeout(this.#restTimer);
    if (!this.#moving && this.#foreign) {
      this.#camera = this.#ports.read(); // what is seen: a gesture goes on from there
    }
  }

  #go(camera: Camera): void {
    this.#camera = camera;
    this.#moving = true;
    this.#resting = false;
    this.#schedule();
  }

  /** The gesture is over, or will be if nothing moves for `delay` milliseconds; a flight ends by itself. */
  rest(delay = 0): void {
    if (!this.#moving || this.#flight) {
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
    if (this.#moving) {
      return;
    }
    if (this.#sent && !sameView(camera, this.#sent)) {
      this.#other = true;
      this.#foreign = !this.#rests.some((rest) => sameView(rest, camera));
      return;
    }
    this.release();
    this.#camera = camera;
  }

  /** Accepts the next camera of the model, which will not be the echo of a move. */
  release(): void {
    clearTimeout(this.#echoTimer);
    this.#sent = null;
    this.#other = this.#foreign = false;
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
    this.release();
    this.#sent = this.#camera;
    if (!this.#moving) {
      this.#rests = [...this.#rests, this.#camera].slice(-MAX_RESTS);
      this.#echoTimer = setTimeout(() => this.#yield(), ECHO_MS);
    }
    this.#ports.send(this.#camera, this.#moving);
  }

  /** The echo's time is over; another camera of the model is intended. */
  #yield(): void {
    if (this.#other) {
      this.#camera = this.#ports.read();
    }
    this.release();
  }
}
