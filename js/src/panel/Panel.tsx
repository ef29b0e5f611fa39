// The side panel: its sections.
import type { ComponentChildren } from "preact";
import { panelId, useView } from "../context.js";
import { Load } from "./Load.js";
import { Models } from "./Models.js";
import { Scene } from "./Scene.js";

export function Panel() {
  const view = useView();
  return (
    <aside
      class="bw-panel"
      id={panelId(view)}
      aria-label="Scene"
      hidden={!view.traits.panel_open.value}
      inert={view.condition.value.state === "lost"}
    >
      <Section title="Models">
        <Models />
      </Section>
      <Section title="Load a circuit or a cell">
        <Load />
      </Section>
      <Section title="View">
        <Scene />
      </Section>
    </aside>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <details class="bw-section" open>
      <summary>{title}</summary>
      {children}
    </details>
  );
}
