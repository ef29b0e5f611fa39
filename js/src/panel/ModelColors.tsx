// How a model's values become colors: the color map and the range of numbers, the palette of categories.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { ColorMap, LegendSection, ModelState } from "../contract.js";
import { Button } from "../ui/Button.js";
import { Field } from "../ui/Field.js";
import { NumberInput } from "../ui/NumberInput.js";
import { mapOf, sectionOf, useColorMaps } from "./colorMaps.js";
import { labelOf } from "./schema.js";

const CATEGORIES = "categories";
/** No map has such a name. */
const OTHER = "another one";
/** Of the ends of a range, which stand side by side. */
const DIGITS = 5;

/** Options of `color_by`. */
export interface Options {
  readonly colormap?: unknown;
  readonly range?: readonly [number, number] | null;
  readonly palette?: unknown;
}

interface ModelColorsProps {
  readonly entry: ModelState;
  readonly busy: boolean;
  /** Colors by the same values once more. */
  readonly onPaint: (options: Options) => void;
}

/** Nothing where the colors have no meaning. */
export function ModelColors({ entry, busy, onPaint }: ModelColorsProps) {
  const section = sectionOf(entry, useView().traits.legend.value?.sections ?? []);
  const maps = useColorMaps();
  if (section?.range) {
    return (
      <Numbers section={section} range={section.range} maps={maps} name={entry.name} busy={busy} onPaint={onPaint} />
    );
  }
  return section && section.entries.length > 0 ? (
    <Field name="Palette">
      {(id) => <Maps id={id} section={section} maps={maps} busy={busy} onChoose={(palette) => onPaint({ palette })} />}
    </Field>
  ) : null;
}

interface PartProps {
  readonly section: LegendSection;
  readonly maps: readonly ColorMap[];
  readonly busy: boolean;
}

type NumbersProps = PartProps &
  Pick<ModelColorsProps, "onPaint"> & { readonly range: readonly [number, number]; readonly name: string };

function Numbers({ section, range, maps, name, busy, onPaint }: NumbersProps) {
  const [low, high] = range;
  const colormap = mapOf(section, maps)?.name ?? section.stops; // one from Python stays
  const unit = section.unit && ` (${section.unit})`;
  return (
    <>
      <Field name="Color map">
        {(id) => (
          <Maps
            id={id}
            section={section}
            maps={maps}
            busy={busy}
            onChoose={(colormap) => onPaint({ colormap, range })}
          />
        )}
      </Field>
      <fieldset class="bw-axes">
        <legend>{`Range${unit}`}</legend>
        <NumberInput
          label={`Lowest value of ${name}`}
          title="What has the first color, with all below it"
          value={low}
          digits={DIGITS}
          below={high}
          disabled={busy}
          onChoose={(end) => onPaint({ colormap, range: [end, high] })}
        />
        <NumberInput
          label={`Highest value of ${name}`}
          title="What has the last color, with all above it"
          value={high}
          digits={DIGITS}
          above={low}
          disabled={busy}
          onChoose={(end) => onPaint({ colormap, range: [low, end] })}
        />
        <Button
          label={`All values of ${name}`}
          title="From the lowest value of its cells to the highest"
          disabled={busy}
          onClick={() => onPaint({ colormap, range: null })}
        >
          All
        </Button>
      </fieldset>
    </>
  );
}

interface MapsProps extends PartProps {
  readonly id: string;
  readonly onChoose: (name: string) => void;
}

/** A choice of maps, with a look at the present colors. */
function Maps({ id, section, maps, busy, onChoose }: MapsProps) {
  const count = section.entries.length;
  const offered = maps.filter(({ kind }) => (kind === CATEGORIES) === count > 0);
  const present = mapOf(section, offered);
  const kinds = [...new Set(offered.map(({ kind }) => kind))];
  const options = (kind: ColorMap["kind"]) =>
    offered
      .filter((map) => map.kind === kind)
      .map(({ name, stops }) => (
        <option key={name} value={name} disabled={count > stops.length} title={lackOf(stops.length, count)}>
          {count > stops.length ? `${name} · ${stops.length} colors` : name}
        </option>
      ));
  const naming = useSignal(false);
  const choose = ({ currentTarget: select }: { currentTarget: HTMLSelectElement }) => {
    naming.value = select.value === OTHER;
    if (naming.value) {
      select.value = present?.name ?? "";
    } else {
      onChoose(select.value);
    }
  };
  const look = <span class="bw-map-look" aria-hidden="true" style={{ backgroundImage: looks(section) }} />;
  if (naming.value) {
    return (
      <div class="bw-map">
        {look}
        <Named
          id={id}
          onEnd={(name) => {
            naming.value = false;
            if (name !== null) {
              onChoose(name);
            }
          }}
        />
      </div>
    );
  }
  return (
    <div class="bw-map">
      {look}
      <select id={id} value={present?.name ?? ""} disabled={busy} onChange={choose}>
        {!present && (
          <option value="" hidden>
            Its own colors
          </option>
        )}
        {kinds.length > 1
          ? kinds.map((kind) => (
              <optgroup key={kind} label={labelOf(kind)}>
                {options(kind)}
              </optgroup>
            ))
          : kinds.map(options)}
        <option value={OTHER}>Another one…</option>
      </select>
    </div>
  );
}

interface NamedProps {
  readonly id: string;
  /** Called with the name of a map, or with null if there is to be no other one. */
  readonly onEnd: (name: string | null) => void;
}

/** Any map by its name, with the names that what is typed is a part of. */
function Named({ id, onEnd }: NamedProps) {
  const { link } = useView();
  const names = useSignal<readonly string[]>([]);
  const mistake = useSignal("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    link.call("colors.map_names", {}).then(
      (found) => {
        names.value = found;
      },
      () => {}, // the view tells that the kernel does not answer
    );
  }, [link, names]);
  return (
    <>
      <input
        id={id}
        ref={input}
        type="text"
        spellcheck={false}
        autocomplete="off"
        placeholder="Name, such as CET_L3"
        title="Of matplotlib or cmap"
        list={`${id}-names`}
        aria-invalid={mistake.value !== ""}
        onInput={() => {
          mistake.value = "";
        }}
        onChange={({ currentTarget: { value } }) => {
          const name = value.trim();
          if (name && !names.value.includes(name.replace(/_r$/, ""))) {
            mistake.value = `There is no color map ${name}.`;
          } else {
            onEnd(name || null);
          }
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            event.stopPropagation();
            onEnd(null);
          }
        }}
      />
      <datalist id={`${id}-names`}>
        {names.value.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {mistake.value && (
        <small class="bw-mistake" role="alert">
          {mistake.value}
        </small>
      )}
    </>
  );
}

function lackOf(colors: number, count: number): string {
  return count > colors ? `It has ${colors} colors, and there are ${count} values.` : "";
}

/** The colors side by side: those of numbers flow, those of categories have edges. */
function looks({ stops, entries }: LegendSection): string {
  if (stops.length > 0) {
    return `linear-gradient(to right, ${(stops.length > 1 ? stops : [...stops, ...stops]).join(", ")})`;
  }
  const steps = entries.map(
    ({ color }, at) => `${color} ${(100 * at) / entries.length}% ${(100 * (at + 1)) / entries.length}%`,
  );
  return `linear-gradient(to right, ${steps.join(", ")})`;
}
