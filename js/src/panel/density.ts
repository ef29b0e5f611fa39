// How much of a population to load: a slider over powers of ten and an exact percentage, kept in step.
import { field, h, setText } from "../dom.js";

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

export class DensityControl {
  readonly element: HTMLElement;
  readonly #slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, "aria-label": "Density slider" });
  readonly #percent = h("input", { type: "number", min: 0.001, max: 100, step: "any", "aria-label": "Density in percent" });
  readonly #estimate = h("small", { class: "bw-hint" });
  #cells = 0;
  #density = 1;

  constructor() {
    this.#slider.addEventListener("input", () => this.#set(densityAt(this.#slider.valueAsNumber)));
    this.#percent.addEventListener("change", () => {
      const percent = this.#percent.valueAsNumber;
      this.#set(percent > 0 ? Math.min(percent / 100, 1) : this.#density);
    });
    const exact = h("span", { class: "bw-unit" }, [this.#percent, "%"]);
    this.element = h("div", {}, [field("Density", this.#slider, exact), this.#estimate]);
  }

  /** Fraction of the cells, 0 < density ≤ 1. */
  get density(): number {
    return this.#density;
  }

  setCells(cells: number): void {
    this.#cells = cells;
    this.#set(comfortableDensity(cells));
  }

  #set(density: number): void {
    this.#density = density;
    this.#slider.value = String(positionOf(density));
    this.#slider.setAttribute("aria-valuetext", `${density * 100} percent`);
    this.#percent.value = String(Number((density * 100).toPrecision(4)));
    const shown = Math.max(Math.round(this.#cells * density), Math.min(this.#cells, 1));
    setText(this.#estimate, `about ${shown.toLocaleString("en")} of ${this.#cells.toLocaleString("en")} cells`);
  }
}
