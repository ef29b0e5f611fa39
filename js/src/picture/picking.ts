// What was picked by a click: its cards, of which those that are pinned stay.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Calls } from "../contract.js";
import type { Link } from "../kernel/link.js";
import { formatSection } from "../ui/format.js";
import type { Cells } from "./cells.js";
import type { Cell } from "./partners.js";
import type { Place } from "./places.js";
import type { Change } from "./strokes.js";

/** What the kernel tells of a place in the picture; null is what is not known, or has no meaning there. */
export type Picked = Calls["selection.pick"]["result"];

export interface PickingPorts {
  pick(place: Place, add: boolean, aspect: number): Promise<Picked>;
  /** Selects nothing. */
  clear(): Promise<unknown>;
  change(change: Change, cells: Cells): Promise<unknown>;
  pin(pick: number): Promise<unknown>;
  unpin(pick: number): Promise<unknown>;
  /** A pick, or a pin, has failed. */
  failed(error: unknown): void;
}

/** The kernel's calls. */
export function portsOf(link: Link): Omit<PickingPorts, "failed"> {
  return {
    pick: ([u, v], add, aspect) => link.call("selection.pick", { u, v, add, aspect }),
    clear: () => link.call("selection.clear", {}),
    change: (change, ids) => link.call(`selection.${change}`, { ids }),
    pin: (pick) => link.call("pins.add", { pick }),
    unpin: (pick) => link.call("pins.remove", { pick }),
  };
}

export interface Card {
  readonly picked: Picked;
  readonly pinned: boolean;
}

export class Picking {
  readonly #ports: PickingPorts;
  /** What was picked last, until its card is closed or something else is selected. */
  readonly #last = signal<Picked | null>(null);
  readonly #cards: ReadonlySignal<readonly Card[]>;
  /** The cell that was picked last, or whose card is the newest; null if none is. */
  readonly cell: ReadonlySignal<Cell | null>;
  readonly #asking = signal(false);
  #newest = 0;
  #answer: Promise<Picked | null> = Promise.resolve(null);

  /** `pins` are the kernel's, so that they are the same in all views and for Python. */
  constructor(ports: PickingPorts, pins: ReadonlySignal<readonly Picked[]>) {
    this.#ports = ports;
    this.#cards = computed(() => {
      const last = this.#last.value;
      const pinned = pins.value.map((picked) => ({ picked, pinned: true }));
      const isPinned = pins.value.some((pin) => pin.number === last?.number);
      return last && !isPinned ? [{ picked: last, pinned: false }, ...pinned] : pinned;
    });
    this.cell = computed(() => this.#cards.value.map(({ picked }) => cellOf(picked)).find((cell) => cell) ?? null);
  }

  /** The newest first. */
  get cards(): ReadonlySignal<readonly Card[]> {
    return this.#cards;
  }

  /** Whether the answer to the newest pick is awaited. */
  get asking(): ReadonlySignal<boolean> {
    return this.#asking;
  }

  /** What the newest pick has found, or will find; null if that is nothing. */
  get found(): Promise<Picked | null> {
    return this.#answer;
  }

  /** Asks what is at a place of a picture of a shape, and selects it; with `add`, beside what is selected. */
  async pick(place: Place, add: boolean, aspect: number): Promise<void> {
    const picking = this.#ports.pick(place, add, aspect).then((picked) => (picked.hit ? picked : null));
    this.#answer = picking.catch(() => null);
    await this.#ask(() => picking);
  }

  /** Selects nothing; cards that are pinned stay. */
  async clear(): Promise<void> {
    this.#last.value = null;
    await this.#ask(async () => {
      await this.#ports.clear();
      return null;
    });
  }

  /** Selects cells, adds them to what is selected or removes them; cards that are pinned stay. */
  async change(change: Change, cells: Cells): Promise<void> {
    this.#last.value = null;
    await this.#ask(async () => {
      await this.#ports.change(change, cells);
      return null;
    });
  }

  /** Lets a card stay while others are picked. */
  pin({ number }: Picked): Promise<void> {
    return this.#try(() => this.#ports.pin(number));
  }

  /** Lets the next pick take the place of a card, if no other card is there for that. */
  unpin(picked: Picked): Promise<void> {
    this.#last.value ??= picked;
    return this.#try(() => this.#ports.unpin(picked.number));
  }

  /** Takes a card away. */
  async close({ picked: { number }, pinned }: Card): Promise<void> {
    if (this.#last.value?.number === number) {
      this.#last.value = null;
    }
    if (pinned) {
      await this.#try(() => this.#ports.unpin(number));
    }
  }

  async #try(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#ports.failed(error);
    }
  }

  /** Of several clicks, the last one counts. */
  async #ask(question: () => Promise<Picked | null>): Promise<void> {
    this.#newest += 1;
    const own = this.#newest;
    this.#asking.value = true;
    try {
      const picked = await question();
      if (own === this.#newest) {
        this.#last.value = picked;
      }
    } catch (error) {
      if (own === this.#newest) {
        this.#ports.failed(error);
      }
    } finally {
      if (own === this.#newest) {
        this.#asking.value = false;
      }
    }
  }
}

type Fact = readonly [name: string, value: string];

/** Whose place it is, for people. */
export function whoOf({ population, cell }: Picked): readonly Fact[] {
  return [...known("Population", population), ...known("Cell", cell)];
}

/** What is known of the place and of its cell, for people. */
export function factsOf(picked: Picked): readonly Fact[] {
  const { model, population, section_type, part, distance, position } = picked;
  const type = section_type === null ? null : formatSection(section_type);
  return [
    ...known("Section", type),
    ...known("Section id", picked.section),
    ...known("Position", part?.toFixed(3), "of its length"),
    ...known("From the soma", distance?.toFixed(1), "µm along it"),
    ...known("Place", position?.map((side) => side.toFixed(1)).join(", "), "µm"),
    ...known("Model", model === population ? null : model),
    ...Object.entries(picked.attributes).map(
      ([name, value]): Fact => [name, value === null ? "no value" : words(value)],
    ),
  ];
}

function known(name: string, value: string | number | null | undefined, unit = ""): Fact[] {
  return value === null || value === undefined ? [] : [[name, `${value} ${unit}`.trim()]];
}

/** A number as a person reads it: not with the digits that its binary form needs. */
function words(value: unknown): string {
  return typeof value === "number" ? String(Number(value.toPrecision(7))) : String(value);
}

/** The cell that was picked, or null where none of a circuit was. */
export function cellOf({ population, cell }: Picked): Cell | null {
  return population === null || cell === null ? null : { population, cell };
}

/** What a place belongs to. */
export function ownerOf({ population, model }: Picked): string {
  return population ?? model ?? "Unknown model";
}

/** What a card is called. */
export function titleOf(picked: Picked): string {
  return [ownerOf(picked), picked.cell].filter((part) => part !== null).join(" · ");
}
