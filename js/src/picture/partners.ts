// Partners of a cell, and the walk from one to the next: the same for the panel and for the cards in the picture.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Calls, Partner, PartnerList } from "../contract.js";
import { Commands } from "../kernel/calls.js";
import { CallError, type Link } from "../kernel/link.js";

export type Direction = NonNullable<Calls["connections.list_partners"]["params"]["direction"]>;

/** A cell of a circuit. */
export type Cell = Pick<Partner, "population" | "cell">;

/** A cell in the form that the kernel reads. */
export function endOf({ population, cell }: Cell): Readonly<Record<string, readonly number[]>> {
  return { [population]: [cell] };
}

export class Partners {
  readonly #link: Link;
  readonly #frame: () => Promise<void>;
  readonly #cell = signal<Cell | null>(null);
  readonly #found = signal<PartnerList | null>(null);
  readonly #trail = signal<readonly Cell[]>([]);
  /** Whose partners are listed; null before anything was asked. */
  readonly cell: ReadonlySignal<Cell | null> = this.#cell;
  readonly found: ReadonlySignal<PartnerList | null> = this.#found;
  /** The cells from which one has come, the first one first. */
  readonly trail: ReadonlySignal<readonly Cell[]> = this.#trail;
  readonly direction = signal<Direction>("both");
  /** Whether all other cells fade. */
  readonly fades = signal(true);
  readonly commands = new Commands();

  /** `frame` points the camera at the selected cells. */
  constructor(link: Link, frame: () => Promise<void>) {
    this.#link = link;
    this.#frame = frame;
  }

  /** Begins at a cell, which is in the picture; `commands` are of the controls that ask for it. */
  async start(cell: Cell, commands: Commands = this.commands): Promise<void> {
    await commands.run(async () => {
      await this.#ask(cell);
      this.#trail.value = [];
    });
  }

  /** Goes to a partner: the camera, too. */
  async go(cell: Cell): Promise<void> {
    const here = this.#cell.peek();
    await this.commands.run(async () => {
      await this.#visit(cell);
      this.#trail.value = here ? [...this.#trail.peek(), here] : [];
    });
  }

  /** Goes back to the cell from which one has come. */
  async back(): Promise<void> {
    const trail = this.#trail.peek();
    const last = trail.at(-1);
    if (last) {
      await this.commands.run(async () => {
        await this.#visit(last);
        this.#trail.value = trail.slice(0, -1);
      });
    }
  }

  /** Asks again, in another direction, or with others faded. */
  async again(): Promise<void> {
    const cell = this.#cell.peek();
    if (cell) {
      await this.commands.run(() => this.#ask(cell));
    }
  }

  async #visit(cell: Cell): Promise<void> {
    await this.#link.call("selection.set", { ids: endOf(cell) });
    await this.#frame().catch((error: unknown) => {
      // A cell that no model shows has no place, as the kernel's notice says; its partners can be listed all the same.
      if (!(error instanceof CallError && error.name === "CircuitError")) {
        throw error;
      }
    });
    await this.#ask(cell);
  }

  async #ask(cell: Cell): Promise<void> {
    const [direction, isolate] = [this.direction.peek(), this.fades.peek()];
    this.#found.value = await this.#link.call("connections.list_partners", { cell: endOf(cell), direction, isolate });
    this.#cell.value = cell;
  }
}
