// The list of what is loaded: show, color, remove.
import { fromHex, toHex } from "../colors.js";
import { type Context, watch } from "../context.js";
import type { ModelEntry } from "../contract.js";
import { h, iconButton, options, setText } from "../dom.js";
import { Problem } from "./problem.js";

const SOLID = "solid";

class Row {
  readonly element: HTMLLIElement;
  readonly #context: Context;
  readonly #problem = new Problem();
  readonly #visible: HTMLInputElement;
  readonly #name = h("span", { class: "bw-name" });
  readonly #detail = h("small", { class: "bw-hint" });
  readonly #color: HTMLInputElement;
  readonly #colorBy: HTMLSelectElement;
  readonly #remove: HTMLButtonElement;
  #entry: ModelEntry;

  constructor(context: Context, entry: ModelEntry) {
    this.#context = context;
    this.#entry = entry;
    this.#visible = h("input", { type: "checkbox" }, [], { onchange: () => this.#show() });
    this.#color = h("input", { type: "color", value: "#cccccc" }, [], {
      onchange: () => this.#paint(SOLID, fromHex(this.#color.value, this.#entry.color?.[3] ?? 1)),
    });
    this.#colorBy = h("select", {}, [], {
      onchange: () => this.#paint(this.#colorBy.value, this.#colorBy.value === SOLID ? fromHex(this.#color.value) : null),
    });
    this.#remove = iconButton("close", "Remove", () => this.#drop());
    this.element = h("li", { class: "bw-model" }, [
      h("label", { class: "bw-model-name" }, [this.#visible, this.#name]),
      this.#remove,
      this.#detail,
      h("div", { class: "bw-model-color" }, [this.#color, this.#colorBy]),
      this.#problem.element,
    ]);
    this.update(entry);
  }

  update(entry: ModelEntry): void {
    const methods = this.#entry.color_methods.join("\n");
    const first = this.#colorBy.options.length === 0;
    this.#entry = entry;
    this.#visible.checked = entry.visible;
    setText(this.#name, entry.name);
    this.#name.title = entry.path ?? entry.name;
    const cells = entry.cells === null ? "" : `${entry.cells.toLocaleString("en")} cell${entry.cells === 1 ? "" : "s"}`;
    const population = entry.population === entry.name ? null : entry.population;
    setText(this.#detail, [population, cells].filter(Boolean).join(" · "));
    if (first || methods !== entry.color_methods.join("\n")) {
      options(this.#colorBy, [["", "Default colors"], ...entry.color_methods.map((name) => [name, colorLabel(name)] as const)]);
      // What a model is colored by before anyone chose cannot be chosen again.
      (this.#colorBy.options[0] as HTMLOptionElement).hidden = true;
    }
    this.#colorBy.value = entry.color_by ?? "";
    if (entry.color) {
      this.#color.value = toHex(entry.color);
    }
    this.#color.classList.toggle("bw-unused", entry.color_by !== SOLID);
    this.#color.hidden = !entry.color_methods.includes(SOLID);
    this.#colorBy.hidden = entry.color_methods.length === 0;
    this.#visible.setAttribute("aria-label", `Show ${entry.name}`);
    this.#color.setAttribute("aria-label", `Color of ${entry.name}`);
    this.#colorBy.setAttribute("aria-label", `Color ${entry.name} by`);
    this.#remove.setAttribute("aria-label", `Remove ${entry.name}`);
  }

  #show(): void {
    const params = { id: this.#entry.id, visible: this.#visible.checked };
    void this.#run(() => this.#context.link.call("update_model", params));
  }

  #paint(method: string, color: ModelEntry["color"]): void {
    void this.#run(() => this.#context.link.call("color_model", { id: this.#entry.id, method, color }));
  }

  #drop(): void {
    void this.#run(() => this.#context.link.call("remove_model", { id: this.#entry.id }));
  }

  async #run(call: () => Promise<unknown>): Promise<void> {
    const controls = [this.#visible, this.#color, this.#colorBy, this.#remove];
    const done = await this.#problem.run(controls, async () => void (await call()));
    if (!done) {
      this.update(this.#entry); // what the controls say must be what is true
    }
  }
}

function colorLabel(method: string): string {
  return method === SOLID ? "One color" : `By ${method.replaceAll("_", " ")}`;
}

export function modelList(context: Context): HTMLElement {
  const rows = new Map<number, Row>();
  const list = h("ul", { class: "bw-models" });
  const empty = h("p", { class: "bw-hint" }, ["Nothing is loaded yet."]);
  watch(
    context.model,
    "models",
    (models) => {
      const ids = new Set(models.map(({ id }) => id));
      for (const [id, row] of rows) {
        if (!ids.has(id)) {
          row.element.remove();
          rows.delete(id);
        }
      }
      models.forEach((entry, index) => {
        const row = rows.get(entry.id) ?? new Row(context, entry);
        rows.set(entry.id, row);
        row.update(entry);
        // Moving an element takes the focus from it: only where the order has changed.
        if (list.children[index] !== row.element) {
          list.insertBefore(row.element, list.children[index] ?? null);
        }
      });
      empty.hidden = models.length > 0;
    },
    context.signal,
  );
  return h("div", {}, [empty, list]);
}
