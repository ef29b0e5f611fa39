// Density of a load: a logarithmic slider, and the default for a first load.

const SMALLEST = 1e-4;
/** A first load of a large circuit shows about this many cells. */
const COMFORTABLE_CELLS = 1000;

/** Density at `position` 0..1 of the slider, on a logarithmic scale from 0.0001 to 1. */
export function densityAt(position: number): number {
  return Number((SMALLEST ** (1 - position)).toPrecision(2));
}

export function positionOf(density: number): number {
  return 1 - Math.log(Math.max(density, SMALLEST)) / Math.log(SMALLEST);
}

export function comfortableDensity(cells: number): number {
  return cells <= COMFORTABLE_CELLS ? 1 : Number((COMFORTABLE_CELLS / cells).toPrecision(1));
}

/** Number of `cells` that are loaded at a density: at least one, if there are any. */
export function cellsAt(density: number, cells: number): number {
  return Math.max(Math.round(cells * density), Math.min(cells, 1));
}
