// The canvas: its size, its visibility, and the newest picture on it.
import { signal } from "@preact/signals";
import { CANVAS, type Size } from "../contract.js";
import { atEnd } from "../lifetime.js";
import { stretch } from "./places.js";

const DPR_MAX = 2;
const RESIZE_REST_MS = 100;

/** The size to render for a canvas in CSS pixels: whole pixels, each side within the limits after scaling. */
export function measure(width: number, height: number, devicePixelRatio: number): Size {
  const fit = (side: number) => Math.min(Math.max(Math.round(side), CANVAS.minimum), CANVAS.maximum);
  const [wide, high] = [fit(width), fit(height)];
  const dpr = Math.min(Math.max(devicePixelRatio, 1), DPR_MAX, CANVAS.maximum / wide, CANVAS.maximum / high);
  return { width: wide, height: high, dpr };
}

/** Lets a canvas show a picture of its size as `stretch` says. */
export function fitPicture(canvas: HTMLCanvasElement): void {
  const { clientWidth, clientHeight } = canvas;
  if (clientHeight === 0 || canvas.height === 0) {
    return;
  }
  const share = stretch({ width: clientWidth, height: clientHeight }, canvas);
  canvas.style.objectFit = share === 1 ? "fill" : share > 1 ? "cover" : "contain";
}

export interface CanvasEvents {
  /** It has a size for the first time. */
  ready(): void;
  resized(size: Size): void;
  visible(visible: boolean): void;
}

export class Canvas {
  readonly element: HTMLCanvasElement;
  readonly #events: CanvasEvents;
  readonly #size = signal<Size | null>(null);
  #onPage = false;
  /** Or null until the browser has said so. */
  #visible: boolean | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(element: HTMLCanvasElement, events: CanvasEvents, signal: AbortSignal) {
    this.element = element;
    this.#events = events;
    const resizes = new ResizeObserver(() => this.#measure());
    const crossings = new IntersectionObserver((entries) => {
      this.#onPage = entries.at(-1)?.isIntersecting ?? false;
      this.#look();
    });
    resizes.observe(element);
    crossings.observe(element);
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    this.#watchPixelRatio(signal);
    atEnd(signal, () => {
      resizes.disconnect();
      crossings.disconnect();
      clearTimeout(this.#timer);
    });
  }

  /** Its size; a canvas that was never laid out has the smallest one. */
  get size(): Size {
    return this.#size.value ?? measure(0, 0, 1);
  }

  get visible(): boolean {
    return this.#visible ?? true;
  }

  /** Draws a picture, which stays until the next one, and closes it. */
  show(bitmap: ImageBitmap): void {
    this.#draw(bitmap);
    bitmap.close();
  }

  /** Tells whoever measures from outside, such as the benchmark, by an event. */
  tell(name: "bw-camera" | "bw-shown", detail: object): void {
    this.element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  }

  #measure(): void {
    const { clientWidth, clientHeight } = this.element;
    if (clientWidth === 0 || clientHeight === 0) {
      this.#look();
      return; // hidden: its size comes back with it
    }
    const size = measure(clientWidth, clientHeight, window.devicePixelRatio);
    const first = this.#size.peek() === null;
    if (!first && size.width === this.size.width && size.height === this.size.height && size.dpr === this.size.dpr) {
      return;
    }
    this.#size.value = size;
    fitPicture(this.element);
    if (first) {
      this.#events.ready();
    } else {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#events.resized(this.size), RESIZE_REST_MS);
    }
  }

  #look(): void {
    const { clientWidth, clientHeight } = this.element;
    const visible = this.#onPage && clientWidth > 0 && clientHeight > 0 && document.visibilityState === "visible";
    if (visible !== this.#visible) {
      this.#visible = visible;
      this.#events.visible(visible);
    }
  }

  /** The canvas has the picture's own size, which the browser scales: a small picture costs little at any ratio. */
  #draw(bitmap: ImageBitmap): void {
    const { element } = this;
    if (element.width !== bitmap.width || element.height !== bitmap.height) {
      element.width = bitmap.width;
      element.height = bitmap.height;
      fitPicture(element);
    }
    element.getContext("2d")?.drawImage(bitmap, 0, 0);
  }

  /** The ratio changes when the page is zoomed or the window moves to another screen. */
  #watchPixelRatio(signal: AbortSignal): void {
    const query = window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    const changed = () => {
      this.#measure();
      this.#watchPixelRatio(signal);
    };
    query.addEventListener("change", changed, { signal, once: true });
  }
}
