// Cells by population in the ids of a picture: those that are selected, and those within an outline.
import type { ModelState } from "../contract.js";
import type { Ids } from "./ids.js";
import type { Place } from "./places.js";
import { formatRanges, Ranges } from "./ranges.js";

/** Selected cells as the kernel tells them: ids by population, as ranges. */
export type Cells = Readonly<Record<string, string>>;
type Models = readonly Pick<ModelState, "id" | "population">[];

export function countCells(cells: Cells): number {
  return Object.values(cells).reduce((sum, text) => sum + new Ranges(text).count, 0);
}

/** 1 for each pixel that shows one of the cells, else 0; null if none does. */
export function pixelsOf(ids: Ids, cells: Cells, models: Models): Uint8Array | null {
  const wanted = new Map<number, Ranges>();
  for (const { id, population } of models) {
    const text = population === null ? undefined : cells[population];
    if (text) {
      wanted.set(id, new Ranges(text));
    }
  }
  // Number 0 is for pixels that show nothing.
  const marks = new Uint8Array(ids.models.length + 1);
  let found = false;
  for (let entry = 0; entry < ids.models.length; entry += 1) {
    if (wanted.get(ids.models[entry] as number)?.has(ids.cells[entry] as number)) {
      marks[entry + 1] = 1;
      found = true;
    }
  }
  if (!found) {
    return null;
  }
  const { numbers } = ids;
  const mask = new Uint8Array(numbers.length); // filled by a loop: `from` takes ten times as long
  for (let pixel = 0; pixel < numbers.length; pixel += 1) {
    mask[pixel] = marks[numbers[pixel] as number] as number;
  }
  return mask;
}

/** The cells that any pixel shows whose middle lies within an outline, however it crosses itself. */
export function cellsWithin(ids: Ids, outline: readonly Place[], models: Models): Cells {
  const seen = new Uint8Array(ids.models.length + 1);
  const points = outline.map(([u, v]): Place => [u * ids.width, v * ids.height]);
  for (let row = 0; row < ids.height; row += 1) {
    for (const [first, last] of spansOf(points, row + 0.5)) {
      const end = Math.min(Math.ceil(last - 0.5), ids.width);
      for (let column = Math.max(Math.ceil(first - 0.5), 0); column < end; column += 1) {
        seen[ids.numbers[row * ids.width + column] as number] = 1;
      }
    }
  }
  const populations = new Map(models.map(({ id, population }) => [id, population]));
  const found = new Map<string, Set<number>>();
  for (let entry = 0; entry < ids.models.length; entry += 1) {
    const cell = ids.cells[entry] as number;
    const population = populations.get(ids.models[entry] as number);
    if (seen[entry + 1] && cell >= 0 && population) {
      const some = found.get(population) ?? new Set();
      found.set(population, some.add(cell));
    }
  }
  return Object.fromEntries([...found].map(([population, some]) => [population, formatRanges(some)]));
}

/** Where a line at a height lies within an outline, by the rule of winding numbers. */
function spansOf(points: readonly Place[], y: number): [number, number][] {
  const crossings: { x: number; turn: number }[] = [];
  points.forEach(([x0, y0], index) => {
    const [x1, y1] = points[(index + 1) % points.length] as Place;
    if (y0 <= y !== y1 <= y) {
      crossings.push({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), turn: y0 <= y ? 1 : -1 });
    }
  });
  crossings.sort((one, other) => one.x - other.x);
  const spans: [number, number][] = [];
  let winding = 0;
  let first = 0;
  for (const { x, turn } of crossings) {
    if (winding === 0) {
      first = x;
    }
    winding += turn;
    if (winding === 0) {
      spans.push([first, x]);
    }
  }
  return spans;
}
