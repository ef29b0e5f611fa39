// The line below the picture: how things are, how far a task is, what is shown.
import { type Context, watch } from "./context.js";
import type { Frame } from "./contract.js";
import { button, h, setText } from "./dom.js";
import { Problem } from "./panel/problem.js";

export class Footer {
  readonly element: HTMLElement;
  readonly #picture = h("span", { class: "bw-picture" });

  constructor(context: Context) {
    this.element = h("footer", { class: "bw-footer" }, [statusText(context), progressBar(context), this.#picture]);
  }

  showFrame({ width, height, accumulation, max_accumulation }: Frame): void {
    const samples = max_accumulation > 1 ? ` · ${accumulation}/${max_accumulation}` : "";
    setText(this.#picture, `${width} × ${height}${samples}`);
    this.#picture.title = "Size of the picture in pixels, and how many samples of each pixel are done";
  }
}

function statusText({ model, signal }: Context): HTMLElement {
  const text = h("span", { class: "bw-status", role: "status", "aria-live": "polite" });
  watch(
    model,
    "status",
    (status) => {
      setText(text, status.text || status.state);
      text.title = text.textContent ?? "";
      text.dataset["state"] = status.state;
    },
    signal,
  );
  return text;
}

function progressBar({ model, link, signal }: Context): HTMLElement {
  const problem = new Problem();
  const name = h("span", { class: "bw-operation" });
  const bar = h("progress", { max: 1, "aria-label": "Progress" });
  const percent = h("span", { class: "bw-percent" });
  const cancel = button("Cancel", () => {
    const task = model.get("progress")?.task;
    if (task !== undefined) {
      void problem.run([cancel], async () => void (await link.call("cancel", { task })));
    }
  });
  const element = h("div", { class: "bw-progress" }, [name, bar, percent, cancel, problem.element]);
  let task: string | null = null;
  watch(
    model,
    "progress",
    (progress) => {
      element.hidden = progress === null;
      if (progress?.task !== task) {
        problem.clear();
        task = progress?.task ?? null;
      }
      if (!progress) {
        return;
      }
      setText(name, progress.operation);
      name.title = progress.operation;
      if (progress.amount === null) {
        bar.removeAttribute("value");
      } else {
        bar.value = progress.amount;
      }
      setText(percent, progress.amount === null ? "" : `${Math.round(progress.amount * 100)} %`);
      cancel.hidden = !progress.cancellable;
    },
    signal,
  );
  return element;
}
