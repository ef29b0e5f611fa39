// Rows of a table that the kernel has, asked for as they come into view.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Calls } from "../contract.js";

export type Rows = Calls["table.rows"]["result"];
export type Row = { readonly cell: number; readonly values: Rows["values"][number] };

/** Rows that are kept or forgotten together. */
export const PAGE = 100;

/** Pages of one answer at most, which the kernel allows. */
const MOST = 5;

/** Pages on either side of those that are seen that are asked for, too, when nothing else is. */
const BESIDE = 2;

/** Pages that are kept: those around the ones that are seen. */
const KEPT = 40;

/** Requests on their way: a jump does not wait for what was wanted before it. */
const REQUESTS = 2;

type Page = Pick<Rows, "cells" | "values">;

export class RowPages {
  readonly #ask: (first: number, count: number) => Promise<Rows>;
  readonly #newest = signal<Rows | null>(null);
  readonly #error = signal<unknown>(null);
  readonly #pages = new Map<number, Page>();
  readonly #coming = new Set<number>();
  #seen: readonly number[] = [];
  #requests = 0;
  #closed = false;

  constructor(ask: (first: number, count: number) => Promise<Rows>) {
    this.#ask = ask;
  }

  /** The newest answer, with the number of rows; null before the first one. It changes when more rows are here. */
  get newest(): ReadonlySignal<Rows | null> {
    return this.#newest;
  }

  get error(): ReadonlySignal<unknown> {
    return this.#error;
  }

  /** The row of a number, or null as long as it is not here. */
  row(number: number): Row | null {
    const page = this.#pages.get(Math.floor(number / PAGE));
    const place = number % PAGE;
    const [cell, values] = [page?.cells[place], page?.values[place]];
    return cell === undefined || values === undefined ? null : { cell, values };
  }

  /** Asks for the rows from one to another, instead of those that were wanted before. */
  need(first: number, last: number): void {
    this.#seen = range(Math.floor(Math.max(first, 0) / PAGE), Math.floor(last / PAGE));
    void this.#fetch();
  }

  /** Takes no more answers. */
  close(): void {
    this.#closed = true;
  }

  /** Asks for what is wanted when it is sent: who scrolls fast does not want what lies between. */
  async #fetch(): Promise<void> {
    if (this.#requests === REQUESTS) {
      return;
    }
    this.#requests += 1;
    try {
      for (let pages = this.#next(); pages.length > 0 && !this.#closed; pages = this.#next()) {
        const [first = 0] = pages;
        for (const page of pages) {
          this.#coming.add(page);
        }
        try {
          this.#keep(pages, await this.#ask(first * PAGE, pages.length * PAGE));
        } finally {
          for (const page of pages) {
            this.#coming.delete(page);
          }
        }
      }
    } catch (error) {
      this.#seen = [];
      if (!this.#closed) {
        this.#error.value = error;
      }
    } finally {
      this.#requests -= 1;
    }
  }

  /** The pages of the next request, which follow one another: those that are seen, or else those beside them. */
  #next(): readonly number[] {
    const seen = this.#run(this.#seen);
    const count = this.#newest.value?.count ?? 0;
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (seen.length > 0 || first === undefined || last === undefined || this.#requests > 1) {
      return seen;
    }
    const end = Math.ceil(count / PAGE) - 1;
    const below = this.#run(range(last + 1, Math.min(last + BESIDE, end)));
    return below.length > 0 ? below : this.#run(range(Math.max(first - BESIDE, 0), first - 1));
  }

  /** The first of some pages that are still to be asked for, as long as they follow one another. */
  #run(pages: readonly number[]): readonly number[] {
    const missing = pages.filter((page) => !this.#pages.has(page) && !this.#coming.has(page));
    return missing.filter((page, place) => page === (missing[0] ?? 0) + place).slice(0, MOST);
  }

  #keep(pages: readonly number[], rows: Rows): void {
    if (this.#closed) {
      return;
    }
    for (const [place, page] of pages.entries()) {
      const [from, to] = [place * PAGE, (place + 1) * PAGE];
      this.#pages.set(page, { cells: rows.cells.slice(from, to), values: rows.values.slice(from, to) });
    }
    const [first, last] = [this.#seen[0] ?? 0, this.#seen.at(-1) ?? 0];
    for (const old of this.#pages.keys()) {
      if (this.#pages.size > KEPT && (old < first - BESIDE || old > last + BESIDE)) {
        this.#pages.delete(old);
      }
    }
    this.#error.value = null;
    this.#newest.value = rows;
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, place) => first + place);
}
