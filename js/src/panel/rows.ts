// Rows of a table that the kernel has, asked for as they come into view.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Calls } from "../contract.js";

export type Rows = Calls["table.rows"]["result"];
export type Row = { readonly cell: number; readonly values: Rows["values"][number] };

/** Rows of one answer. */
export const PAGE = 100;

/** Answers that are kept: those around the ones that are seen. */
const KEPT = 40;

export class RowPages {
  readonly #ask: (first: number, count: number) => Promise<Rows>;
  readonly #newest = signal<Rows | null>(null);
  readonly #error = signal<unknown>(null);
  readonly #pages = new Map<number, Rows>();
  #wanted: readonly number[] = [];
  #asking = false;
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
    const pages: number[] = [];
    for (let page = Math.floor(Math.max(first, 0) / PAGE); page <= Math.floor(last / PAGE); page += 1) {
      pages.push(page);
    }
    this.#wanted = pages;
    void this.#fetch();
  }

  /** Takes no more answers. */
  close(): void {
    this.#closed = true;
  }

  /** One request at a time, for what is wanted when it is sent: who scrolls fast does not want what lies between. */
  async #fetch(): Promise<void> {
    if (this.#asking) {
      return;
    }
    this.#asking = true;
    try {
      for (let page = this.#missing(); page !== undefined && !this.#closed; page = this.#missing()) {
        this.#keep(page, await this.#ask(page * PAGE, PAGE));
      }
    } catch (error) {
      this.#wanted = [];
      if (!this.#closed) {
        this.#error.value = error;
      }
    } finally {
      this.#asking = false;
    }
  }

  #missing(): number | undefined {
    return this.#wanted.find((page) => !this.#pages.has(page));
  }

  #keep(page: number, rows: Rows): void {
    if (this.#closed) {
      return;
    }
    this.#pages.set(page, rows);
    for (const old of this.#pages.keys()) {
      if (this.#pages.size > KEPT && !this.#wanted.includes(old)) {
        this.#pages.delete(old);
      }
    }
    this.#error.value = null;
    this.#newest.value = rows;
  }
}
