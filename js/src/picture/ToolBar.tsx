// Buttons over the picture: what a drag does, the camera, the panel.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { panelId, useView } from "../context.js";
import { publish } from "../kernel/traits.js";
import { IconButton } from "../ui/Button.js";
import { TOOL_KEYS } from "./gestures.js";
import { Keys } from "./Keys.js";
import { LegendButton } from "./Legend.js";
import type { Tool } from "./strokes.js";
import { TravelButtons } from "./TravelButtons.js";

const LABELS: Readonly<Record<Tool, string>> = {
  orbit: "Orbit",
  rectangle: "Select in a rectangle",
  lasso: "Select in a lasso",
};
const TOOLS = Object.keys(LABELS) as Tool[];

export function ToolBar() {
  const view = useView();
  const { model, traits, picture } = view;
  const open = traits.panel_open.value;
  const obstacle = picture.obstacle.value;
  return (
    <div class="bw-tools">
      <div class="bw-tool-row">
        <LegendButton />
        <IconButton icon="reset" label="Reset camera" title="Reset camera (R)" onClick={() => picture.resetCamera()} />
        <IconButton
          icon="panel"
          label="Panel"
          controls={panelId(view)}
          expanded={open}
          onClick={() => publish(model, "panel_open", !open)}
        />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms */}
      <div class="bw-tool-column" role="group" aria-label="What a drag does">
        {TOOLS.map((tool) => {
          const barred = tool === "orbit" ? "" : obstacle;
          return (
            <IconButton
              key={tool}
              icon={tool}
              label={LABELS[tool]}
              title={barred ? `${LABELS[tool]}: ${barred}` : `${LABELS[tool]} (${TOOL_KEYS[tool]})`}
              pressed={picture.strokes.tool.value === tool}
              disabled={barred !== ""}
              onClick={() => picture.strokes.choose(tool)}
            />
          );
        })}
      </div>
      <div class="bw-tool-column">
        <TravelButtons />
        <IconButton
          icon="save"
          label="Save this picture"
          idle={picture.saving.value}
          onClick={() => void picture.save()}
        />
        {document.fullscreenEnabled && <FullScreen />}
        <Keys />
      </div>
    </div>
  );
}

function FullScreen() {
  const { signal } = useView();
  const place = useRef<HTMLDivElement>(null);
  const full = useSignal(false);
  useLayoutEffect(() => {
    const look = () => {
      full.value = rootOf(place.current)?.matches(":fullscreen") === true;
    };
    document.addEventListener("fullscreenchange", look, { signal });
    return () => document.removeEventListener("fullscreenchange", look);
  }, [full, signal]);
  return (
    <div ref={place}>
      <IconButton
        icon="full"
        label="Full screen"
        pressed={full.value}
        onClick={() => void (full.value ? document.exitFullscreen() : rootOf(place.current)?.requestFullscreen())}
      />
    </div>
  );
}

function rootOf(element: HTMLElement | null): HTMLElement | null {
  return element?.closest<HTMLElement>(".brayns-widget") ?? null;
}
