// Decoding of frames: the newest wins, older ones are closed, every frame is acknowledged once.
// On a socket a frame is acknowledged when it comes, so that the next one is rendered while this one is decoded and drawn:
// a tenth more frames. Over the comm, where the page is the limit, that makes a tenth fewer.
import type { Frame } from "../contract.js";

export interface FrameEvents {
  /** Takes over `bitmap`, and closes it when done with it. */
  show(bitmap: ImageBitmap, frame: Frame): void;
  /** Whether to acknowledge frames when they come. */
  eager(): boolean;
  /** `decodeMs` is from when it came until it was drawn; of an eager one, the time of the frame before. */
  ack(frame: Frame, shown: boolean, decodeMs: number): void;
  broken(error: unknown): void;
}

interface Encoded {
  frame: Frame;
  data: DataView;
  came: number;
  eager: boolean;
}

export class FrameDecoder {
  readonly #decode: (blob: Blob) => Promise<ImageBitmap>;
  readonly #events: FrameEvents;
  #waiting: Encoded | null = null;
  #busy = false;
  #newest = -1;
  #last = 0;
  #closed = false;

  constructor(decode: (blob: Blob) => Promise<ImageBitmap>, events: FrameEvents) {
    this.#decode = decode;
    this.#events = events;
  }

  push(frame: Frame, data: DataView): void {
    if (this.#closed) {
      return;
    }
    if (frame.seq <= this.#newest) {
      this.#events.ack(frame, false, 0);
      return;
    }
    this.#newest = frame.seq;
    const eager = this.#events.eager();
    if (this.#waiting) {
      this.#done(this.#waiting, false, 0);
    }
    this.#waiting = { frame, data, came: performance.now(), eager };
    if (eager) {
      this.#events.ack(frame, true, this.#last);
    }
    if (!this.#busy) {
      void this.#run();
    }
  }

  /** Numbers start anew: the kernel has greeted the view again. */
  restart(): void {
    this.#newest = -1;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = null;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    for (let next = this.#take(); next; next = this.#take()) {
      await this.#one(next);
    }
    this.#busy = false;
  }

  #take(): Encoded | null {
    const next = this.#waiting;
    this.#waiting = null;
    return next;
  }

  async #one(encoded: Encoded): Promise<void> {
    const { frame, data, came } = encoded;
    let bitmap: ImageBitmap;
    try {
      // The buffer behind a DataView can hold the whole message: take this frame's part of it only.
      const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
      bitmap = await this.#decode(new Blob([bytes], { type: frame.mime }));
    } catch (error) {
      if (!this.#closed) {
        this.#done(encoded, false, performance.now() - came);
        this.#events.broken(error);
      }
      return;
    }
    if (this.#closed) {
      bitmap.close();
      return;
    }
    this.#events.show(bitmap, frame);
    this.#done(encoded, true, performance.now() - came);
  }

  #done({ frame, eager }: Encoded, shown: boolean, decodeMs: number): void {
    this.#last = decodeMs;
    if (!eager) {
      this.#events.ack(frame, shown, decodeMs);
    }
  }
}
