// The legend of the picture: categories with their colors, or a color bar.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { LegendEntry, LegendSection, Traits } from "../contract.js";
import { publish } from "../kernel/traits.js";
import { IconButton } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
import { useCommands } from "../ui/commands.js";
import { formatRange } from "../ui/format.js";
import { Icon } from "../ui/Icon.js";
import { Problem } from "../ui/Problem.js";

/** The corners, clockwise. */
const CORNERS: readonly Traits["legend_place"][] = ["lower left", "upper left", "upper right", "lower right"];

export function Legend() {
  const { model, traits, picture } = useView();
  const open = picture.legendOpen;
  const sections = traits.legend.value?.sections ?? [];
  const place = traits.legend_place.value;
  if (sections.length === 0 || place === "hidden") {
    return null;
  }
  const nameOf = (id: number | null) => traits.models.value.find((shown) => shown.id === id)?.name;
  const next = CORNERS[(CORNERS.indexOf(place) + 1) % CORNERS.length] ?? place;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    <div class="bw-legend" role="group" aria-label="Legend" data-place={place}>
      <div class="bw-legend-head">
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
        <IconButton
          icon="corner"
          label={`Move the legend to the ${next}`}
          onClick={() => publish(model, "legend_place", next)}
        />
      </div>
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

/** Shows or hides the legend, if there is any. */
export function LegendButton() {
  const { model, traits } = useView();
  const place = traits.legend_place.value;
  const corner = useRef<Traits["legend_place"]>("lower left");
  const hidden = place === "hidden";
  if (!hidden) {
    corner.current = place;
  }
  if (traits.legend.value === null) {
    return null;
  }
  return (
    <IconButton
      icon="legend"
      label="Show legend"
      pressed={!hidden}
      onClick={() => publish(model, "legend_place", hidden ? corner.current : "hidden")}
    />
  );
}

interface SectionProps {
  readonly section: LegendSection;
  /** The model's name, if there are several models. */
  readonly name: string | undefined;
}

function Section({ section, name }: SectionProps) {
  const { title, entries, missing } = section;
  const heading = [title, name].filter(Boolean).join(" · ");
  return (
    <div class="bw-legend-section">
      {heading && (
        <p class="bw-legend-title" title={heading}>
          {heading}
        </p>
      )}
      {section.stops.length > 0 && <ColorBar {...section} />}
      {(entries.length > 0 || missing !== null) && (
        <ul aria-label={heading || "Colors"}>
          {entries.map((entry) => (
            <Entry key={entry.label} entry={entry} section={section} />
          ))}
          {missing !== null && (
            <li class="bw-legend-entry">
              <span class="bw-swatch" style={{ backgroundColor: missing }} />
              <span>no value</span>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

interface EntryProps {
  readonly entry: LegendEntry;
  readonly section: LegendSection;
}

/** A category: its color can be changed, and a click selects its cells. */
function Entry({ entry, section }: EntryProps) {
  const { link } = useView();
  const commands = useCommands();
  /** A color that the kernel has not confirmed yet. */
  const draft = useSignal<{ of: LegendEntry; color: string } | null>(null);
  const { label } = entry;
  const color = draft.value?.of === entry ? draft.value.color : entry.color;
  const { attribute } = section;
  const paint = async (chosen: string) => {
    draft.value = { of: entry, color: chosen };
    if (!(await commands.run(() => link.call("colors.set", { attribute, changes: { [label]: chosen } })))) {
      draft.value = null;
    }
  };
  const select = (add: boolean) =>
    void commands.run(() => link.call("selection.set_by_value", { attribute, value: label, add }));
  return (
    <li>
      <div class="bw-legend-entry">
        <span class="bw-swatch" style={{ backgroundColor: color }}>
          <ColorInput
            label={`Color of ${label}`}
            color={color}
            disabled={commands.busy.value}
            onChoose={(chosen) => void paint(chosen)}
          />
        </span>
        {section.selectable ? (
          <button
            type="button"
            class="bw-legend-label"
            title={`${label}\nClick to select these cells, with Ctrl in addition`}
            disabled={commands.busy.value}
            onClick={(event) => select(event.ctrlKey || event.metaKey)}
          >
            {label}
          </button>
        ) : (
          <span class="bw-legend-label" title={label}>
            {label}
          </span>
        )}
      </div>
      <Problem of={commands} />
    </li>
  );
}

function ColorBar({ stops, range, unit }: Pick<LegendSection, "stops" | "range" | "unit">) {
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
      <span>{[high, unit].filter(Boolean).join(" ")}</span>
    </div>
  );
}
