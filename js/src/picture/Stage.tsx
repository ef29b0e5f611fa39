// The canvas with its overlays.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { panelId, useView } from "../context.js";
import { publish } from "../kernel/traits.js";
import { IconButton } from "../ui/Button.js";
import { opaque } from "../ui/ColorInput.js";
import { Notice } from "../ui/Notice.js";
import { Cards } from "./Card.js";
import { KEYS_HELP } from "./gestures.js";
import { Hover } from "./Hover.js";
import { Legend, LegendButton } from "./Legend.js";
import { Overlay } from "./Overlay.js";

export function Stage() {
  const { picking } = useView().picture;
  const canvas = useRef<HTMLCanvasElement>(null);
  return (
    <div class="bw-stage" data-asking={picking.asking.value || undefined}>
      <Screen canvas={canvas} />
      <Cards canvas={canvas} />
      <Hover canvas={canvas} />
      <Overlay />
      <Tools />
      <div class="bw-lower">
        <Legend />
        <Notice />
      </div>
    </div>
  );
}

function Screen({ canvas }: { readonly canvas: RefObject<HTMLCanvasElement | null> }) {
  const { picture, traits } = useView();
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
      aria-label={KEYS_HELP}
      style={{ backgroundColor: opaque(traits.background.value) }}
    />
  );
}

function Tools() {
  const view = useView();
  const { model, traits, picture } = view;
  const open = traits.panel_open.value;
  return (
    <div class="bw-tools">
      <LegendButton />
      <IconButton icon="reset" label="Reset camera" onClick={() => picture.resetCamera()} />
      <IconButton
        icon="panel"
        label="Panel"
        controls={panelId(view)}
        expanded={open}
        onClick={() => publish(model, "panel_open", !open)}
      />
    </div>
  );
}
