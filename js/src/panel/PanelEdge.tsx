// The edge between picture and panel, which sets the panel's width where it stands beside the picture.
import type { Signal } from "@preact/signals";
import { useView } from "../context.js";
import { Separator } from "../ui/Separator.js";
import { readStored, store } from "./stored.js";

const KEY = "brayns-widget:panel";
const WIDTH = { usual: 288, minimum: 240, maximum: 720 };

/** The width that was chosen last, in CSS pixels. */
export function storedWidth(): number {
  const { width } = readStored(KEY);
  return typeof width === "number" && width >= WIDTH.minimum && width <= WIDTH.maximum ? width : WIDTH.usual;
}

export function PanelEdge({ width }: { readonly width: Signal<number> }) {
  const { traits } = useView();
  const set = (chosen: number) => {
    width.value = chosen;
  };
  return (
    traits.panel_open.value && (
      <Separator
        class="bw-edge"
        label="Width of the panel"
        title="Drag to change the panel's width"
        axis="x"
        grows={-1}
        value={width.value}
        minimum={WIDTH.minimum}
        maximum={WIDTH.maximum}
        onMove={set}
        onChoose={(chosen) => {
          set(chosen);
          store(KEY, { width: chosen });
        }}
      />
    )
  );
}
