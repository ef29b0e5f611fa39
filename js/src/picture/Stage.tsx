// The canvas with its overlays.
import { useComputed } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { keysId, useView } from "../context.js";
import { opaque } from "../ui/ColorInput.js";
import { Notice } from "../ui/Notice.js";
import { Cards } from "./Card.js";
import { CutHandles } from "./CutHandles.js";
import { HighlightLayer } from "./HighlightLayer.js";
import { Hover } from "./Hover.js";
import { Legend } from "./Legend.js";
import { Measures } from "./Measures.js";
import { Overlay } from "./Overlay.js";
import { SlabHandle } from "./SlabHandle.js";
import { Stroke } from "./Stroke.js";
import { ToolBar } from "./ToolBar.js";

export function Stage() {
  const { picking, strokes } = useView().picture;
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useComputed(() => strokes.stroke.value !== null);
  return (
    <div
      class="bw-stage"
      data-asking={picking.asking.value || undefined}
      data-tool={strokes.tool.value}
      data-drawing={drawing.value || undefined}
    >
      <Screen canvas={canvas} />
      <HighlightLayer />
      <SlabHandle />
      <CutHandles />
      <Cards canvas={canvas} />
      <Hover canvas={canvas} />
      <Stroke />
      <Overlay />
      <Measures />
      <ToolBar />
      <div class="bw-lower">
        <Legend />
        <Notice />
      </div>
    </div>
  );
}

function Screen({ canvas }: { readonly canvas: RefObject<HTMLCanvasElement | null> }) {
  const view = useView();
  const { picture, traits } = view;
  useLayoutEffect(() => {
    if (canvas.current) {
      picture.attach(canvas.current);
    }
  }, [picture, canvas]);
  return (
    // biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: a screen reader must hand on its keys
    <canvas
      ref={canvas}
      class="bw-canvas"
      tabIndex={0}
      role="application"
      aria-label="3D view"
      aria-describedby={keysId(view)}
      style={{ backgroundColor: opaque(traits.background.value) }}
    />
  );
}
