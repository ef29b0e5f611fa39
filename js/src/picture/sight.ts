// The camera of the picture that is shown, which lags behind the one that the hand moves.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Camera, Frame } from "../contract.js";
import { sameView } from "./camera.js";

interface Sent {
  readonly camera: Camera;
  readonly moving: boolean;
}

export class Sight {
  readonly #camera = signal<Camera | null>(null);
  /** Cameras of this view by their numbers, from that of the newest frame on. */
  readonly #sent = new Map<number, Sent>();
  #resting = false;

  /** Null while another view moves the camera: nobody tells this one how. */
  get camera(): ReadonlySignal<Camera | null> {
    return this.#camera;
  }

  /** A camera of this view was sent. */
  sent(number: number, camera: Camera, moving: boolean): void {
    this.#sent.set(number, { camera, moving });
  }

  /** A frame is shown; `now` is the camera that is known without it. */
  shown(frame: Frame, now: Camera): void {
    for (const number of this.#sent.keys()) {
      if (number < frame.camera) {
        this.#sent.delete(number);
      }
    }
    const sent = this.#sent.get(frame.camera);
    this.#resting = !frame.moving;
    if (sent && sent.moving === frame.moving) {
      this.#camera.value = sent.camera;
    } else {
      this.#camera.value = frame.moving ? null : now;
    }
  }

  /** The model's camera has changed: what this view has sent before may be seen no more. */
  followed(camera: Camera): void {
    const newest = [...this.#sent.values()].at(-1);
    if (newest && !newest.moving && !sameView(newest.camera, camera)) {
      this.#sent.clear();
    }
    if (this.#resting && !newest?.moving) {
      this.#camera.value = camera;
    }
  }
}
