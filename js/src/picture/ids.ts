// What each pixel of a picture at rest shows: the page has it all, so that hovering asks nobody.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Frame, FrameIds } from "../contract.js";
import type { Place } from "./places.js";

/** What is seen at a point of the picture. */
export interface Seen {
  /** The model's id. */
  readonly model: number;
  /** The cell's id in its population, or null if it is none of a circuit. */
  readonly cell: number | null;
  /** The section's id: 0 is the soma, others are MorphIO's + 1; null if that is not known. */
  readonly section: number | null;
  readonly sectionType: string | null;
}

/** Bytes of an entry: the cell as float64, the model and the section as int32, the type of section as uint8. */
const ENTRY_BYTES = 17;

export class Ids {
  readonly seq: number;
  readonly width: number;
  readonly height: number;
  readonly #types: readonly string[];
  /** Of the entry that each pixel shows, from 1; 0 where nothing is. */
  readonly numbers: Uint32Array;
  /** The cell of each entry, or -1. */
  readonly cells: Float64Array;
  /** The model of each entry. */
  readonly models: Int32Array;
  readonly #sections: Int32Array;
  readonly #kinds: Uint8Array;

  /** Takes an unpacked buffer apart, which has the byte order of all machines with a browser. Throws a RangeError. */
  constructor({ seq, width, height, count, section_types }: FrameIds, buffer: ArrayBuffer) {
    const pixels = width * height;
    if (buffer.byteLength !== 4 * pixels + ENTRY_BYTES * count) {
      throw new RangeError(
        `${buffer.byteLength} bytes are no buffer of ${width} × ${height} pixels and ${count} entries`,
      );
    }
    let at = 4 * pixels;
    const take = (bytes: number) => {
      at += bytes * count;
      return buffer.slice(at - bytes * count, at); // a view would have to be aligned
    };
    this.seq = seq;
    this.width = width;
    this.height = height;
    this.#types = section_types;
    this.numbers = new Uint32Array(buffer, 0, pixels);
    this.cells = new Float64Array(take(8));
    this.models = new Int32Array(take(4));
    this.#sections = new Int32Array(take(4));
    this.#kinds = new Uint8Array(take(1));
  }

  /** What is seen nearest to a place, at most `reach` pixels from it, and the middle of that pixel; else null. */
  near([u, v]: Place, reach: number): { readonly seen: Seen; readonly place: Place } | null {
    const column = Math.min(Math.floor(u * this.width), this.width - 1);
    const row = Math.min(Math.floor(v * this.height), this.height - 1);
    let found: { seen: Seen; place: Place } | null = null;
    let nearest = reach * reach + 1;
    for (let y = Math.max(row - reach, 0); y <= Math.min(row + reach, this.height - 1); y += 1) {
      for (let x = Math.max(column - reach, 0); x <= Math.min(column + reach, this.width - 1); x += 1) {
        const distance = (x - column) ** 2 + (y - row) ** 2;
        const seen = distance < nearest ? this.#at(x, y) : null;
        if (seen) {
          nearest = distance;
          found = { seen, place: [(x + 0.5) / this.width, (y + 0.5) / this.height] };
        }
      }
    }
    return found;
  }

  #at(column: number, row: number): Seen | null {
    const entry = (this.numbers[row * this.width + column] ?? 0) - 1;
    const model = this.models[entry];
    if (model === undefined) {
      return null;
    }
    const known = (id = -1) => (id < 0 ? null : id);
    return {
      model,
      cell: known(this.cells[entry]),
      section: known(this.#sections[entry]),
      sectionType: this.#types[this.#kinds[entry] ?? -1] ?? null,
    };
  }
}

/** Unpacks what the renderer has packed by zlib. */
export async function unpackIds(message: FrameIds, data: DataView): Promise<Ids> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Ids(message, await new Response(unpacked).arrayBuffer());
}

/** The ids of the frame that is shown: they come after it, and go with it. */
export class ShownIds {
  readonly #frame: ReadonlySignal<Frame | null>;
  readonly #broken: (error: unknown) => void;
  readonly #newest = signal<Ids | null>(null);
  #begun = 0;
  readonly current: ReadonlySignal<Ids | null>;

  constructor(frame: ReadonlySignal<Frame | null>, broken: (error: unknown) => void) {
    this.#frame = frame;
    this.#broken = broken;
    this.current = computed(() => {
      const ids = this.#newest.value;
      return ids !== null && ids.seq === frame.value?.seq ? ids : null;
    });
  }

  /** Takes the ids of a frame, which may still be on its way to the canvas. */
  async push(message: FrameIds, data: DataView): Promise<void> {
    const shown = this.#frame.peek()?.seq;
    if (shown !== undefined && message.seq < shown) {
      return;
    }
    this.#begun += 1;
    const begun = this.#begun;
    try {
      const ids = await unpackIds(message, data);
      if (begun === this.#begun) {
        this.#newest.value = ids;
      }
    } catch (error) {
      this.#broken(error);
    }
  }

  /** Numbers of frames start anew, or nobody looks any more. */
  drop(): void {
    this.#begun += 1;
    this.#newest.value = null;
  }
}
