// The attributes by which models can be colored, asked once for each circuit when the renderer is ready.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { Circuit, ModelState } from "../contract.js";

/** The coloring method that colors cell by cell, by which attributes are shown. */
const BY_CELL = "id";

const plain = (name: string) => name.replaceAll("_", " ");

/** Tells the attributes of a model's cells that are no coloring methods of it. */
export function useAttributes(models: readonly ModelState[]): (model: ModelState) => readonly string[] {
  const { link, traits } = useView();
  const circuits = useSignal<ReadonlyMap<string, Circuit>>(new Map());
  const { id, renderer, lack } = traits.job.value;
  const awake = traits.panel_open.value && traits.status.value.state === "ready" && !lack;
  const paths = JSON.stringify([...new Set(models.filter(hasCells).map(({ path }) => path))]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the backend of another job may tell other ones
  useEffect(() => {
    if (!awake) {
      return;
    }
    let current = true;
    const ask = async (path: string) => {
      try {
        const found = await link.call("files.inspect", { path });
        if (current) {
          circuits.value = new Map(circuits.value).set(path, found);
        }
      } catch {
        // Without it there are the coloring methods.
      }
    };
    for (const path of JSON.parse(paths) as string[]) {
      if (!circuits.peek().has(path)) {
        void ask(path);
      }
    }
    return () => {
      current = false;
    };
  }, [awake, id, renderer, paths, link, circuits]);
  const known = circuits.value;
  return (model) => {
    const circuit = hasCells(model) && model.path !== null ? known.get(model.path) : undefined;
    const population = circuit?.populations.find(({ name }) => name === model.population);
    const methods = new Set(model.color_methods.map(plain));
    return (population?.attributes ?? []).filter((name) => !methods.has(plain(name)));
  };
}

function hasCells({ path, population, color_methods }: ModelState): boolean {
  return path !== null && population !== null && color_methods.includes(BY_CELL);
}
