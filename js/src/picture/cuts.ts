// Planes and boxes that cut parts away, as one drags them in the picture.
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { Calls, PartState, Vec3 } from "../contract.js";
import { Commands } from "../kernel/calls.js";
import type { Link } from "../kernel/link.js";
import type { TraitSignals } from "../kernel/traits.js";
import { atEnd } from "../lifetime.js";
import { length, scale } from "./camera.js";
import type { Box } from "./framing.js";
import { Moved } from "./moved.js";

type CutState = NonNullable<PartState["cut"]>;

/** A plane: its normal, of length 1, and where it lies along that, µm. */
export interface Plane {
  readonly normal: Vec3;
  readonly position: number;
}

type Numbers = Pick<Calls["clipping.change"]["params"], "position" | "low" | "high">;

interface Move {
  /** In the list, where it stays; its id is another one after each change. */
  readonly place: number;
  readonly numbers: Numbers;
}

/** What one is called, and several of a kind are. */
const KINDS: Readonly<Record<CutState["kind"], readonly [one: string, several: string]>> = {
  planes: ["Plane", "planes"],
  "bounded-planes": ["Bounded plane", "bounded planes"],
  boxes: ["Box", "boxes"],
  spheres: ["Sphere", "spheres"],
  capsules: ["Capsule", "capsules"],
};

export class Cuts {
  readonly #moved: Moved<Move>;
  readonly #handled = signal(false);
  /** Of what moves them, with the error of the newest. */
  readonly commands = new Commands();
  /** All that cuts, as it is seen. */
  readonly shown: ReadonlySignal<readonly PartState[]>;
  /** Whether one may take hold of them in the picture. */
  readonly handled: ReadonlySignal<boolean>;

  constructor(link: Link, traits: TraitSignals, end: AbortSignal) {
    const parts = () => traits.clipping.peek();
    const isThere = ({ place, numbers }: Move) => {
      const cut = parts()[place]?.cut;
      return !cut || JSON.stringify(cut.shapes) === JSON.stringify(moved(cut, numbers).shapes);
    };
    // Its id is another one after each change: until the kernel has told it, nothing more can be said of it.
    let sent: { readonly move: Move; readonly before: readonly PartState[] } | null = null;
    this.#moved = new Moved<Move>({
      commands: this.commands,
      window: 1,
      send: async (move) => {
        const id = parts()[move.place]?.id;
        if (id !== undefined) {
          sent = { move, before: parts() };
          await link.call("clipping.change", { id, ...move.numbers });
        }
      },
      arrived: isThere,
      ready: () => sent === null || parts() !== sent.before || isThere(sent.move),
      failed: () => {
        sent = null;
      },
    });
    this.shown = computed(() => {
      const [parts, move] = [traits.clipping.value, this.#moved.value.value];
      return parts.map((part, place) =>
        move?.place === place && part.cut ? { ...part, cut: moved(part.cut, move.numbers) } : part,
      );
    });
    this.handled = computed(() => this.#handled.value && traits.panel_open.value);
    let count = traits.clipping.peek().length;
    const follow = effect(() => {
      const now = traits.clipping.value.length;
      untracked(() => (now === count ? this.#moved.heard() : this.#moved.forget()));
      count = now;
    });
    atEnd(end, follow);
  }

  /** Shows handles in the picture, or none. */
  handle(handled: boolean): void {
    this.#handled.value = handled;
  }

  /** Moves one, by its place in the list. */
  move(place: number, numbers: Numbers): void {
    this.#moved.set({ place, numbers });
  }
}

/** The plane that is all of what cuts, or null. */
export function planeIn(cut: CutState | null): Plane | null {
  const shape = cut?.kind === "planes" && cut.shapes.length === 1 ? cut.shapes[0] : undefined;
  if (!shape) {
    return null;
  }
  const [a, b, c, d] = shape.coefficients as readonly [number, number, number, number];
  const size = length([a, b, c]) || 1;
  return { normal: scale([a, b, c], 1 / size), position: d / size };
}

/** The box that is all of what cuts, or null. */
export function boxIn(cut: CutState | null): Box | null {
  const shape = cut?.kind === "boxes" && cut.shapes.length === 1 ? cut.shapes[0] : undefined;
  return shape ? [shape.min as Vec3, shape.max as Vec3] : null;
}

/** A box of which a side was dragged to a place along its axis, or, if it is to stay as large, the whole box. */
export function dragged(box: Box, axis: 0 | 1 | 2, end: 0 | 1, place: number, whole: boolean): Box {
  const [low, high] = [box[0][axis], box[1][axis]];
  const apart = (high - low) / 100; // sides never meet
  const wanted = end ? Math.max(place, low + apart) : Math.min(place, high - apart);
  const by = place - (end ? high : low);
  const ends = whole ? [low + by, high + by] : [end ? low : wanted, end ? wanted : high];
  const at = (corner: Vec3, value: number): Vec3 => [
    axis === 0 ? value : corner[0],
    axis === 1 ? value : corner[1],
    axis === 2 ? value : corner[2],
  ];
  return [at(box[0], ends[0] ?? low), at(box[1], ends[1] ?? high)];
}

/** What each is, with its number if there are several of the kind. */
export function namesOf(parts: readonly PartState[]): readonly string[] {
  const names = parts.map(({ cut }) => {
    const [one, several] = cut ? KINDS[cut.kind] : ["Added elsewhere", ""];
    return cut && cut.shapes.length > 1 ? `${cut.shapes.length} ${several}` : one;
  });
  return names.map((name, place) => {
    const same = names.flatMap((other, index) => (other === name ? [index] : []));
    return same.length > 1 ? `${name} ${same.indexOf(place) + 1}` : name;
  });
}

function moved(cut: CutState, { position, low, high }: Numbers): CutState {
  const [plane, box] = [planeIn(cut), boxIn(cut)];
  if (plane) {
    return { ...cut, shapes: [{ coefficients: [...plane.normal, position ?? plane.position] }] };
  }
  return box ? { ...cut, shapes: [{ min: low ?? box[0], max: high ?? box[1] }] } : cut;
}
