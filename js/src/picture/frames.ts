// Decoding of frames: the newest wins, older ones are closed, every frame is acknowledged once.
import type { Frame } from "../contract.js";

export interface FrameEvents {
  /** Takes over `bitmap`, and closes it when done with it. */
  show(bitmap: ImageBitmap, frame: Frame): void;
  /** `decodeMs` is from when it came until it was drawn. */
  ack(frame: Frame, shown: boolean, decodeMs: number): void;
  broken(error: unknown): void;
}

interface Encoded {
  frame: Frame;
  data: DataView;
  came: number;
}

export class FrameDecoder {
  readonly #decode: (blob: Blob) => Promise<ImageBitmap>;
  readonly #events: FrameEvents;
  #waiting: Encoded | null = null;
  #busy = false;
  #newest = -1;
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
    if (this.#waiting) {
      this.#events.ack(this.#waiting.frame, false, 0);
    }
    this.#waiting = { frame, data, came: performance.now() };
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

  async #one({ frame, data, came }: Encoded): Promise<void> {
    let bitmap: ImageBitmap;
    try {
      // The buffer behind a DataView can hold the whole message: take this frame's part of it only.
      const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
      bitmap = await this.#decode(new Blob([bytes], { type: frame.mime }));
    } catch (error) {
      if (!this.#closed) {
        this.#events.ack(frame, false, performance.now() - came);
        this.#events.broken(error);
      }
      return;
    }
    if (this.#closed) {
      bitmap.close();
      return;
    }
    this.#events.show(bitmap, frame);
    this.#events.ack(frame, true, performance.now() - came);
  }
}
