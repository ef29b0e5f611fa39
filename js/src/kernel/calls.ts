// Commands that belong to one group of controls: whether one of them runs, and how the newest has failed.
import { computed, type ReadonlySignal, signal } from "@preact/signals";

export class Commands {
  readonly #running = signal(0);
  readonly #failure = signal<unknown>(null);
  #newest = 0;
  readonly busy: ReadonlySignal<boolean> = computed(() => this.#running.value > 0);

  /** The error of the newest command, or null. */
  get failure(): ReadonlySignal<unknown> {
    return this.#failure;
  }

  /** Runs `action`, and answers whether it went well. */
  async run(action: () => Promise<unknown>): Promise<boolean> {
    this.#newest += 1;
    const own = this.#newest;
    this.#failure.value = null;
    this.#running.value += 1;
    try {
      await action();
      return true;
    } catch (error) {
      if (own === this.#newest) {
        this.#failure.value = error;
      }
      return false;
    } finally {
      this.#running.value -= 1;
    }
  }

  /** Forgets the last failure. */
  clear(): void {
    this.#failure.value = null;
  }
}
