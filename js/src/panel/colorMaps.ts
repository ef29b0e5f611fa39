// The color maps and palettes that are offered, asked once they are wanted.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { ColorMap, LegendSection, ModelState } from "../contract.js";

/** The maps, or none while nobody has told them. */
export function useColorMaps(): readonly ColorMap[] {
  const { link } = useView();
  const maps = useSignal<readonly ColorMap[]>([]);
  useEffect(() => {
    let current = true;
    link.call("colors.maps", {}).then(
      (found) => {
        if (current) {
          maps.value = found;
        }
      },
      () => {}, // the view tells that the kernel does not answer
    );
    return () => {
      current = false;
    };
  }, [link, maps]);
  return maps.value;
}

/** What the legend tells of a model's colors; models that show the same share it. */
export function sectionOf(model: ModelState, sections: readonly LegendSection[]): LegendSection | undefined {
  const shared = ({ model: owner, title }: LegendSection) => owner === null && title === model.colored_by;
  return sections.find(({ model: owner }) => owner === model.id) ?? sections.find(shared);
}

/** The map whose colors something has: those of a bar, or of categories one after the other. */
export function mapOf({ stops, entries }: LegendSection, maps: readonly ColorMap[]): ColorMap | undefined {
  const colors = (stops.length > 0 ? stops : entries.map(({ color }) => color)).join();
  return maps.find((map) => (stops.length > 0 ? map.stops : map.stops.slice(0, entries.length)).join() === colors);
}
