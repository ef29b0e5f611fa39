// Load a circuit: browse, look into it, say what to load.
import type { Context } from "../context.js";
import type { Circuit } from "../contract.js";
import { button, field, h, options, setText } from "../dom.js";
import { FileBrowser } from "./browser.js";
import { DensityControl } from "./density.js";
import { Problem } from "./problem.js";

/** Node attributes that circuits have by convention; one that a circuit has not is told by the kernel. */
const COLOR_BY = ["layer", "mtype", "etype", "region", "synapse_class"];

export class LoadPanel {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #browser: FileBrowser;
  readonly #problem = new Problem();
  readonly #form: HTMLFormElement;
  readonly #name = h("p", { class: "bw-path-name" });
  readonly #population = h("select");
  readonly #nodeSet = h("select");
  readonly #density = new DensityControl();
  readonly #soma = checkbox(true);
  readonly #axon = checkbox(false);
  readonly #dendrites = checkbox(true);
  readonly #radius = h("input", { type: "number", min: 0.1, max: 100, step: "any", value: 1, required: true });
  readonly #colorBy = h("select");
  readonly #load = h("button", { class: "bw-button bw-primary" }, ["Load"]);
  #circuit: Circuit | null = null;
  #started = false;

  constructor(context: Context) {
    this.#context = context;
    this.#browser = new FileBrowser(context, (path) => void this.#inspect(path));
    options(this.#colorBy, [["", "One color"], ...COLOR_BY.map((name) => [name, name] as const)]);
    this.#population.addEventListener("change", () => this.#showPopulation());
    const parts = h("fieldset", { class: "bw-parts" }, [
      h("legend", {}, ["Parts"]),
      h("label", {}, [this.#soma, "Soma"]),
      h("label", {}, [this.#axon, "Axon"]),
      h("label", {}, [this.#dendrites, "Dendrites"]),
    ]);
    for (const part of [this.#soma, this.#axon, this.#dendrites]) {
      part.addEventListener("change", () => this.#showParts());
    }
    this.#form = h("form", { class: "bw-form", hidden: true }, [
      this.#name,
      field("Population", this.#population),
      field("Node set", this.#nodeSet),
      this.#density.element,
      parts,
      field("Radius ×", this.#radius),
      field("Color by", this.#colorBy),
      h("div", { class: "bw-actions" }, [button("Back", () => this.#browse()), this.#load]),
    ]);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.element = h("div", {}, [this.#browser.element, this.#form, this.#problem.element]);
  }

  /** The renderer is ready: the backend can be asked. */
  start(): void {
    if (!this.#started) {
      this.#started = true;
      this.#browser.start();
    }
  }

  #browse(): void {
    this.#problem.clear();
    this.#form.hidden = true;
    this.#browser.element.hidden = false;
  }

  async #inspect(path: string): Promise<void> {
    this.element.setAttribute("aria-busy", "true");
    await this.#problem.run([], async () => {
      this.#show(await this.#context.link.call("inspect_circuit", { path }));
    });
    this.element.removeAttribute("aria-busy");
  }

  #show(circuit: Circuit): void {
    this.#circuit = circuit;
    setText(this.#name, shortPath(circuit.path));
    this.#name.title = circuit.path;
    const label = (name: string, type: string, size: number) => `${name} · ${size.toLocaleString("en")} · ${type}`;
    options(
      this.#population,
      circuit.populations.map(({ name, type, size }) => [name, label(name, type, size)]),
    );
    const cells = circuit.populations.find(({ type }) => type === "biophysical") ?? circuit.populations[0];
    this.#population.value = cells?.name ?? "";
    options(this.#nodeSet, [["", "All cells"], ...circuit.node_sets.map((name) => [name, name] as const)]);
    this.#browser.element.hidden = true;
    this.#form.hidden = false;
    this.#showPopulation();
    this.#population.focus({ preventScroll: true });
  }

  #showPopulation(): void {
    const chosen = this.#circuit?.populations.find(({ name }) => name === this.#population.value);
    this.#density.setCells(chosen?.size ?? 0);
  }

  #showParts(): void {
    const none = !this.#soma.checked && !this.#axon.checked && !this.#dendrites.checked;
    this.#soma.setCustomValidity(none ? "Choose at least one part of the cells." : "");
  }

  async #submit(): Promise<void> {
    const circuit = this.#circuit;
    if (!circuit) {
      return;
    }
    await this.#problem.run([this.#load], async () => {
      await this.#context.link.call("load_circuit", {
        path: circuit.path,
        population: this.#population.value,
        density: this.#density.density,
        node_sets: this.#nodeSet.value ? [this.#nodeSet.value] : [],
        soma: this.#soma.checked,
        axon: this.#axon.checked,
        dendrites: this.#dendrites.checked,
        radius_multiplier: this.#radius.valueAsNumber,
        color_by: this.#colorBy.value || null,
      });
    });
  }
}

/** The end of a path, by which people tell circuits apart. */
function shortPath(path: string): string {
  const parts = path.split(/[\\/]/);
  return parts.length > 3 ? `…/${parts.slice(-2).join("/")}` : path;
}

function checkbox(checked: boolean): HTMLInputElement {
  return h("input", { type: "checkbox", checked });
}
