// The slab as one moves it, by slider, key, grip or clock: shown at once, and sent as fast as the kernel takes it.
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { SlabState, Vec3 } from "../contract.js";
import { Commands } from "../kernel/calls.js";
import type { Link } from "../kernel/link.js";
import type { TraitSignals } from "../kernel/traits.js";
import { atEnd } from "../lifetime.js";
import { add, cross, dot, length, scale, subtract } from "./camera.js";
import { type Box, boxOf } from "./framing.js";
import { Moved } from "./moved.js";

/** How long it takes to play from one end of what is there to the other. */
const PLAY_MS = 8000;

export class Slab {
  readonly #traits: TraitSignals;
  /** Its position, µm. */
  readonly #moved: Moved<number>;
  readonly #playing = signal(false);
  readonly #handled = signal(false);
  #request = 0;
  /** Of what moves it, with the error of the newest. */
  readonly commands = new Commands();
  /** The slab as it is seen; null where the renderer has none. */
  readonly shown: ReadonlySignal<SlabState | null>;
  /** Where what is there begins and ends along its axis, µm; null where nothing is. */
  readonly reach: ReadonlySignal<readonly [low: number, high: number] | null>;
  readonly playing: ReadonlySignal<boolean> = this.#playing;
  /** Whether one may take hold of it in the picture. */
  readonly handled: ReadonlySignal<boolean>;
  /** Whether it is played again and again. */
  readonly loops = signal(false);

  constructor(link: Link, traits: TraitSignals, end: AbortSignal) {
    this.#traits = traits;
    this.#moved = new Moved<number>({
      commands: this.commands,
      window: 2,
      send: (position) => link.call("slab.set", { position }),
      arrived: (position) => traits.slab.peek()?.position === position,
      failed: () => this.stop(),
    });
    this.shown = computed(() => {
      const slab = traits.slab.value;
      return slab && { ...slab, position: this.#moved.value.value ?? slab.position };
    });
    this.reach = computed(() => {
      const [box, slab] = [this.box, traits.slab.value];
      return box && slab && reachOf(box, slab.normal);
    });
    this.handled = computed(() => this.#handled.value && traits.panel_open.value && !!this.shown.value?.on);
    const follow = effect(() => {
      const slab = traits.slab.value;
      untracked(() => (slab ? this.#moved.heard() : this.#moved.forget()));
      if (!slab?.on) {
        this.stop();
      }
    });
    atEnd(end, () => {
      follow();
      this.stop();
    });
  }

  /** The box around what is there. */
  get box(): Box | null {
    return boxOf(this.#traits.models.value);
  }

  /** Shows handles in the picture, or none. */
  handle(handled: boolean): void {
    this.#handled.value = handled;
  }

  /** Moves its middle to a place along its axis, µm. */
  move(position: number): void {
    if (Number.isFinite(position) && this.shown.peek()) {
      this.#moved.set(position);
    }
  }

  /** Moves it by its thickness. */
  step(count: number): void {
    const slab = this.shown.peek();
    if (slab?.on) {
      this.stop();
      this.move(slab.position + count * slab.thickness);
    }
  }

  /** Moves it through all that is there, from where it is, or from the beginning if it is at the end. */
  play(): void {
    const [reach, slab] = [this.reach.peek(), this.shown.peek()];
    if (!reach || !slab || reach[0] === reach[1]) {
      return;
    }
    const [low, high] = reach;
    const share = (slab.position - low) / (high - low);
    const first = share >= 0 && share < 1 ? share : 0;
    let began: number | null = null;
    const tick = (now: number) => {
      began ??= now;
      const part = first + (now - began) / PLAY_MS; // by the clock: what comes late is left out
      const ends = part >= 1 && !this.loops.peek();
      this.move(low + (ends ? 1 : part % 1) * (high - low));
      if (ends) {
        this.stop();
      } else {
        this.#request = requestAnimationFrame(tick);
      }
    };
    this.stop();
    this.#playing.value = true;
    this.#request = requestAnimationFrame(tick);
  }

  /** Plays no more. */
  stop(): void {
    cancelAnimationFrame(this.#request);
    this.#playing.value = false;
  }
}

/** Where a box begins and ends along a vector of length 1. */
export function reachOf([low, high]: Box, normal: Vec3): readonly [number, number] {
  const middle = dot(normal, scale(add(low, high), 0.5));
  const half = dot([Math.abs(normal[0]), Math.abs(normal[1]), Math.abs(normal[2])], scale(subtract(high, low), 0.5));
  return [middle - half, middle + half];
}

/** The polygon in which a plane cuts a box, corner by corner; empty if it does not. */
export function crossSection([low, high]: Box, normal: Vec3, position: number): Vec3[] {
  const corner = (bits: number): Vec3 => [
    bits & 1 ? high[0] : low[0],
    bits & 2 ? high[1] : low[1],
    bits & 4 ? high[2] : low[2],
  ];
  const found: Vec3[] = [];
  for (let bits = 0; bits < 8; bits += 1) {
    for (const axis of [1, 2, 4]) {
      if (!(bits & axis)) {
        const [from, to] = [corner(bits), corner(bits | axis)];
        const [a, b] = [dot(normal, from) - position, dot(normal, to) - position];
        if (a !== b && a * b <= 0) {
          found.push(add(from, scale(subtract(to, from), a / (a - b))));
        }
      }
    }
  }
  const middle = middleOf(found);
  const across = found.map((point) => subtract(point, middle)).find((arm) => length(arm) > 0) ?? [1, 0, 0];
  const up = cross(normal, across);
  const angle = (point: Vec3) => Math.atan2(dot(subtract(point, middle), up), dot(subtract(point, middle), across));
  return found.sort((a, b) => angle(a) - angle(b));
}

/** The middle of points. */
export function middleOf(points: readonly Vec3[]): Vec3 {
  return scale(points.reduce<Vec3>(add, [0, 0, 0]), 1 / Math.max(points.length, 1));
}
