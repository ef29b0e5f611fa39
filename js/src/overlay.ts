// Words on the canvas while there is no picture of something.
import { type Context, watch } from "./context.js";
import { button, h, setText } from "./dom.js";
import { atEnd } from "./lifetime.js";
import { Problem } from "./panel/problem.js";

const HINT_MS = 1800;

export class Overlay {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #problem = new Problem();
  readonly #spinner = h("span", { class: "bw-spinner", "aria-hidden": "true" });
  readonly #text = h("p");
  readonly #start: HTMLButtonElement;
  #pictured = false;
  #silent = false;
  #hint = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#start = button("Start", () => this.#begin(), "primary");
    this.element = h("div", { class: "bw-overlay" }, [this.#spinner, this.#text, this.#start, this.#problem.element]);
    const { model, signal } = context;
    watch(model, "status", () => this.#update(), signal);
    watch(model, "models", () => this.#update(), signal);
    watch(model, "progress", () => this.#update(), signal);
    atEnd(signal, () => clearTimeout(this.#timer));
  }

  /** There is a picture now. */
  pictured(): void {
    if (!this.#pictured) {
      this.#pictured = true;
      this.#update();
    }
  }

  /** Whether the kernel has not answered the greetings. */
  silent(silent: boolean): void {
    this.#silent = silent;
    this.#update();
  }

  /** Says something for a moment. */
  hint(text: string): void {
    this.#hint = text;
    this.#update();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#hint = "";
      this.#update();
    }, HINT_MS);
  }

  #begin(): void {
    void this.#problem.run([this.#start], async () => void (await this.#context.link.call("start", {})));
  }

  #update(): void {
    const { model } = this.#context;
    const { state, text } = model.get("status");
    const empty = state === "ready" && model.get("models").length === 0 && model.get("progress") === null;
    const waiting = state === "starting" || state === "queued" || (state === "ready" && !this.#pictured);
    let words = "";
    if (this.#silent) {
      words = "The kernel does not answer. Run the cell again.";
    } else if (this.#hint) {
      words = this.#hint;
    } else if (waiting && !this.#pictured) {
      words = state === "ready" ? "Waiting for the first picture…" : text;
    } else if (state === "idle") {
      words = text;
    } else if (empty) {
      words = "Choose a circuit in the panel, or call load_circuit(path).";
    }
    setText(this.#text, words);
    this.#text.hidden = !words;
    this.#spinner.hidden = !waiting || this.#pictured || this.#silent;
    this.#start.hidden = state !== "idle";
    this.element.classList.toggle("bw-quiet", this.#pictured);
  }
}
