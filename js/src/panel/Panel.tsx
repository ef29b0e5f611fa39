// The side panel: its sections.
import { panelId, useView } from "../context.js";
import { Connect } from "./Connect.js";
import { Cut } from "./Cut.js";
import { needsConnecting } from "./connecting.js";
import { Lines } from "./Lines.js";
import { Load } from "./Load.js";
import { Look } from "./Look.js";
import { Models } from "./Models.js";
import { Scene } from "./Scene.js";
import { Section } from "./Section.js";
import { Select } from "./Select.js";
import { Synapses } from "./Synapses.js";

export function Panel() {
  const view = useView();
  return (
    <section
      class="bw-panel"
      id={panelId(view)}
      aria-label="Scene"
      hidden={!view.traits.panel_open.value}
      inert={view.condition.value.state === "lost"}
    >
      <Section title="Connect" open={needsConnecting(view.condition.value.state, view.traits.job.value)}>
        <Connect />
      </Section>
      <Section title="Models">
        <Models />
      </Section>
      <Section title="Load">
        <Load />
      </Section>
      <Section title="Select">
        <Select />
      </Section>
      <Section title="Synapses" folded wanted={view.picture.partners.cell}>
        <Synapses />
      </Section>
      <Section
        title="Cut"
        onShow={(shown) => {
          view.picture.slab.handle(shown);
          view.picture.cuts.handle(shown);
        }}
      >
        <Cut />
      </Section>
      <Section title="Look">
        <Look />
      </Section>
      <Section title="View">
        <Scene />
      </Section>
      <Lines />
    </section>
  );
}
