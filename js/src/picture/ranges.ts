// Ids as ranges, such as "0-79,90": how kernel and page tell each other of cells.

export class Ranges {
  readonly #firsts: Float64Array;
  readonly #lasts: Float64Array;
  readonly count: number;

  /** Takes the kernel's text of ascending ids. */
  constructor(text: string) {
    const parts = text === "" ? [] : text.split(",");
    this.#firsts = new Float64Array(parts.length);
    this.#lasts = new Float64Array(parts.length);
    let count = 0;
    parts.forEach((part, index) => {
      const dash = part.indexOf("-");
      const first = Number(dash < 0 ? part : part.slice(0, dash));
      const last = dash < 0 ? first : Number(part.slice(dash + 1));
      this.#firsts[index] = first;
      this.#lasts[index] = last;
      count += last - first + 1;
    });
    this.count = count;
  }

  /** The lowest id, or null. */
  get first(): number | null {
    return this.#firsts[0] ?? null;
  }

  has(id: number): boolean {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#lasts[middle] as number) < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return (this.#firsts[low] ?? Number.POSITIVE_INFINITY) <= id;
  }
}

/** Writes ids in any order, each of which may come several times. */
export function formatRanges(ids: Iterable<number>): string {
  const parts: string[] = [];
  let first = Number.NaN;
  let last = Number.NaN;
  const close = () => {
    if (!Number.isNaN(first)) {
      parts.push(first === last ? `${first}` : `${first}-${last}`);
    }
  };
  for (const id of Float64Array.from(ids).sort()) {
    if (id > last + 1 || Number.isNaN(first)) {
      close();
      first = id;
    }
    last = id;
  }
  close();
  return parts.join(",");
}
