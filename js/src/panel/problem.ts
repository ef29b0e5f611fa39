// A place beside a control where its failure is told, and the one way in which commands of the panel run.
import { h } from "../dom.js";
import { CallError } from "../link.js";

export class Problem {
  readonly element = h("p", { class: "bw-problem", role: "alert", hidden: true });

  show(error: unknown): void {
    const [message, hint] = error instanceof CallError ? [error.message, error.hint] : [String(error), ""];
    this.element.replaceChildren(h("span", {}, [message]), ...(hint ? [h("span", { class: "bw-hint" }, [hint])] : []));
    this.element.hidden = false;
  }

  clear(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** Runs `action` with `controls` disabled; tells its failure here, and answers whether it went well. */
  async run(controls: readonly (HTMLButtonElement | HTMLInputElement | HTMLSelectElement)[], action: () => Promise<void>) {
    this.clear();
    const focused = controls.find((control) => control === document.activeElement);
    for (const control of controls) {
      control.disabled = true;
    }
    try {
      await action();
      return true;
    } catch (error) {
      this.show(error);
      return false;
    } finally {
      for (const control of controls) {
        control.disabled = false;
      }
      focused?.focus({ preventScroll: true }); // a disabled control has lost it
    }
  }
}
