// One view of a widget: assembles its parts and cleans them up.
import { computed, useComputed, useSignal } from "@preact/signals";
import { render } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { judge } from "./condition.js";
import { useView, type View, ViewContext } from "./context.js";
import { HEIGHT, type WidgetModel } from "./contract.js";
import { keepFocus } from "./focus.js";
import { followTraits, publish } from "./kernel/traits.js";
import { atEnd } from "./lifetime.js";
import { Panel } from "./panel/Panel.js";
import { PanelEdge, storedWidth } from "./panel/PanelEdge.js";
import { Picture } from "./picture/picture.js";
import { Stage } from "./picture/Stage.js";
import { keepKeys } from "./shortcuts.js";
import { Footer } from "./ui/Footer.js";
import { Separator } from "./ui/Separator.js";
import { listenForTravel } from "./undo.js";

/** Fills `el`, and empties it again when `signal` is aborted. */
export function createView(model: WidgetModel, el: HTMLElement, signal: AbortSignal): void {
  // Not randomUUID, which pages served over plain HTTP do not have.
  const id = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");
  const traits = followTraits(model, signal);
  const picture = new Picture(model, id, traits, signal);
  const condition = computed(() =>
    judge({
      presence: picture.kernel.state.value,
      status: traits.status.value,
      gone: traits.scene_lost.value,
      progress: traits.progress.value,
      blank: picture.visible.value && picture.frame.value === null,
      late: picture.late.value,
      plugged: picture.link.plugged.value,
      unmade: picture.unmade.value,
      binder: picture.kernel.binder,
    }),
  );
  const view: View = { id, model, traits, picture, link: picture.link, condition, signal };
  const place = document.createElement("div");
  el.classList.add("bw-host");
  el.append(place);
  render(
    <ViewContext.Provider value={view}>
      <Widget />
    </ViewContext.Provider>,
    place,
  );
  atEnd(signal, () => {
    render(null, place);
    place.remove();
    el.classList.remove("bw-host");
  });
}

function Widget() {
  const { model, traits, picture, condition, signal } = useView();
  const root = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (root.current) {
      keepKeys(root.current, signal);
      listenForTravel(root.current, (way) => picture.travel(way), signal);
      keepFocus(root.current, signal);
    }
  }, [picture, signal]);
  /** Height of the view during a drag; the kernel and other views get the final one. */
  const dragged = useSignal<number | null>(null);
  const width = useSignal(storedWidth());
  const height = dragged.value ?? (traits.height.value || HEIGHT.default);
  // While there is a picture the stills beside it are hidden; their own style does it.
  const live = useComputed(() => picture.frame.value !== null);
  const choose = (chosen: number) => {
    publish(model, "height", chosen);
    dragged.value = null;
  };
  return (
    <div
      ref={root}
      class={traits.panel_open.value ? "brayns-widget bw-open" : "brayns-widget"}
      data-past={condition.value.past}
      data-live={live.value || undefined}
      style={{ "--bw-chosen-height": `${height}px`, "--bw-panel-width": `${width.value}px` }}
    >
      <div class="bw-body">
        <Stage />
        <PanelEdge width={width} />
        <Panel />
      </div>
      <Footer />
      <Separator
        class="bw-handle"
        label="Height of the view"
        title="Drag to change the height"
        axis="y"
        grows={1}
        value={height}
        minimum={HEIGHT.minimum}
        maximum={HEIGHT.maximum}
        onMove={(moved) => {
          dragged.value = moved;
        }}
        onChoose={choose}
      />
    </div>
  );
}
