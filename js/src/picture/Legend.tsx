// The legend of the picture: categories with their colors, or a color bar.
import { useSignal } from "@preact/signals";
import { useView } from "../context.js";
import type { LegendSection } from "../contract.js";
import { formatRange } from "../ui/format.js";
import { Icon } from "../ui/Icon.js";

export function Legend() {
  const { traits } = useView();
  const open = useSignal(true);
  const sections = traits.legend.value?.sections ?? [];
  if (sections.length === 0) {
    return null;
  }
  const nameOf = (id: number) => traits.models.value.find((model) => model.id === id)?.name;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <div class="bw-legend" role="group" aria-label="Legend">
      <button
        type="button"
        class="bw-legend-toggle"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name={open.value ? "down" : "right"} />
        Legend
      </button>
      <div class="bw-legend-sections" hidden={!open.value}>
        {sections.map((section) => (
          <Section
            key={`${section.model} ${section.title}`}
            section={section}
            name={sections.length > 1 ? nameOf(section.model) : undefined}
          />
        ))}
      </div>
    </div>
  );
}

interface SectionProps {
  readonly section: LegendSection;
  /** The model's name, if there are several models. */
  readonly name: string | undefined;
}

function Section({ section, name }: SectionProps) {
  const { title, entries, stops, range, missing } = section;
  const heading = [title, name].filter(Boolean).join(" · ");
  return (
    <div class="bw-legend-section">
      {heading && (
        <p class="bw-legend-title" title={heading}>
          {heading}
        </p>
      )}
      {stops.length > 0 && <ColorBar stops={stops} range={range} />}
      {(entries.length > 0 || missing !== null) && (
        <ul aria-label={heading || "Colors"}>
          {entries.map(({ label, color }) => (
            <Entry key={label} label={label} color={color} />
          ))}
          {missing !== null && <Entry label="no value" color={missing} />}
        </ul>
      )}
    </div>
  );
}

function Entry({ label, color }: { readonly label: string; readonly color: string }) {
  return (
    <li class="bw-legend-entry">
      <span class="bw-swatch" style={{ backgroundColor: color }} />
      <span title={label}>{label}</span>
    </li>
  );
}

function ColorBar({ stops, range }: Pick<LegendSection, "stops" | "range">) {
  const [low, high] = range ? formatRange(range) : ["", ""];
  const colors = stops.length > 1 ? stops : [...stops, ...stops];
  return (
    <div class="bw-legend-scale">
      <div
        class="bw-legend-bar"
        role="img"
        aria-label="Color bar"
        style={{ backgroundImage: `linear-gradient(to right, ${colors.join(", ")})` }}
      />
      <span>{low}</span>
      <span>{high}</span>
    </div>
  );
}
