// Commands of one group of controls: whether one of them runs, and the error of the newest.
import { computed, type ReadonlySignal, signal } from "@preact/signals";

/** How many commands of all groups run. */
const running = signal(0);
export const allRunning: ReadonlySignal<number> = running;

export class Commands {
  readonly #running = signal(0);
  readonly #failure = signal<unknown>(null);
  #newest = 0;
  readonly busy: ReadonlySignal<boolean> = computed(() => this.#running.value > 0);

  /** The error of the newest command, or null. */
  get failure(): ReadonlySignal<unknown> {
    return this.#failure;
  }

  /** Runs `action`, and returns whether it succeeded. */
  async run(action: () => Promise<unknown>): Promise<boolean> {
    this.#newest += 1;
    const own = this.#newest;
    this.#failure.value = null;
    this.#running.value += 1;
    running.value += 1;
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
      running.value -= 1;
    }
  }

  /** Forgets the last failure. */
  clear(): void {
    this.#failure.value = null;
  }
}
