// What a hand moves many times a second: shown at once, and sent as fast as the kernel takes it.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Commands } from "../kernel/calls.js";

interface Way<T> {
  /** Has the newest error. */
  readonly commands: Commands;
  /** How many calls may be under way: with two, the kernel goes on while the first answer comes. */
  readonly window: number;
  readonly send: (value: T) => Promise<unknown>;
  /** Whether the kernel's traits have a value. */
  readonly arrived: (value: T) => boolean;
  /** Whether the next value may be sent already; it is asked again when a trait has changed. */
  readonly ready?: () => boolean;
  readonly failed?: () => void;
}

export class Moved<T> {
  readonly #way: Way<T>;
  readonly #value = signal<T | null>(null);
  #unsent = false;
  #underWay = 0;
  /** What a hand has set, until the kernel says the same. */
  readonly value: ReadonlySignal<T | null> = this.#value;

  constructor(way: Way<T>) {
    this.#way = way;
  }

  set(value: T): void {
    this.#value.value = value;
    this.#unsent = true;
    this.#send();
  }

  /** The kernel's traits have changed: what they say counts, unless something is to be sent still. */
  heard(): void {
    this.#send();
    if (this.#underWay === 0 && !this.#unsent) {
      this.#value.value = null;
    }
  }

  /** What was moved is no more. */
  forget(): void {
    this.#unsent = false;
    this.#value.value = null;
  }

  #send(): void {
    const value = this.#value.peek();
    const { commands, window, send, ready } = this.#way;
    if (this.#unsent && value !== null && this.#underWay < window && (ready?.() ?? true)) {
      this.#unsent = false;
      this.#underWay += 1;
      void commands.run(() => send(value)).then((done) => this.#sent(done));
    }
  }

  #sent(done: boolean): void {
    this.#underWay -= 1;
    if (!done) {
      this.#unsent = false;
      this.#way.failed?.();
    }
    this.#send();
    const value = this.#value.peek();
    if (this.#underWay === 0 && !this.#unsent && value !== null && (!done || this.#way.arrived(value))) {
      this.#value.value = null; // else the trait is still on its way
    }
  }
}
