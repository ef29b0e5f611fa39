// Cameras and acknowledgements on their way to the renderer: one message for each picture, never a queue.
import type { Ack, Camera, PageMessages } from "../contract.js";

/** Pictures that may be late before a camera is sent without them: the renderer may have nothing new to draw. */
const HOLD_MS = 250;
/** Acknowledgements wait this long for a camera during a gesture. */
const ACK_MS = 50;

export interface SteeringPorts {
  camera(message: PageMessages["camera"]): void;
  ack(acks: readonly Ack[]): void;
  /** Cameras that may be on their way without their pictures. */
  window(): number;
}

export class Steering {
  readonly #ports: SteeringPorts;
  #number = 0;
  #answered = 0;
  #moving = false;
  #acks: Ack[] = [];
  #held: Camera | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ports: SteeringPorts) {
    this.#ports = ports;
  }

  /** Sends a camera, or holds it back until the pictures of earlier ones are there; the last of a gesture goes at once. */
  steer(camera: Camera, moving: boolean): void {
    this.#moving = moving;
    this.#held = camera;
    if (!moving || this.#number - this.#answered < this.#ports.window()) {
      this.#send();
    } else {
      this.#within(HOLD_MS);
    }
  }

  /** A frame was drawn or dropped; `number` is that of the camera it shows. */
  answer(ack: Ack, number: number): void {
    this.#acks.push(ack);
    this.#answered = Math.max(this.#answered, number);
    if (this.#held && this.#number - this.#answered < this.#ports.window()) {
      this.#send();
    } else if (!this.#moving) {
      this.#send();
    } else {
      this.#within(ACK_MS);
    }
  }

  /** What was sent before may be lost: the way to the renderer is another one. */
  restart(): void {
    this.#answered = this.#number;
    this.#acks = [];
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #within(delay: number): void {
    this.#timer ??= setTimeout(() => this.#send(), delay);
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [camera, acks] = [this.#held, this.#acks];
    this.#held = null;
    this.#acks = [];
    if (camera) {
      this.#number += 1;
      this.#ports.camera({ number: this.#number, camera, moving: this.#moving, acks });
    } else if (acks.length > 0) {
      this.#ports.ack(acks);
    }
  }
}
