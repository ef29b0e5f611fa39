// Control for the density of a load: a logarithmic slider and an exact percentage, synchronized.
import { useSignal } from "@preact/signals";
import { PARAMETERS } from "../contract.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { cellsAt, densityAt, positionOf } from "./density.js";

const DENSITY = PARAMETERS["models.load_circuit"].density;

interface DensityFieldProps {
  /** Fraction of the cells, 0 < density ≤ 1. */
  readonly density: number;
  /** Number of cells in the population. */
  readonly cells: number;
  readonly onChange: (density: number) => void;
}

function percentOf(density: number): string {
  return String(Number((density * 100).toPrecision(4)));
}

export function DensityField({ density, cells, onChange }: DensityFieldProps) {
  /** The percentage during typing. */
  const typed = useSignal<string | null>(null);
  const type = (input: HTMLInputElement) => {
    typed.value = input.value;
    if (input.valueAsNumber / 100 > DENSITY.exclusiveMinimum) {
      onChange(Math.min(input.valueAsNumber / 100, DENSITY.maximum));
    }
  };
  return (
    <div>
      <Field name="Share">
        {(id) => (
          <>
            <input
              id={id}
              type="range"
              min={0}
              max={1}
              step={0.01}
              aria-label="Share of the cells"
              aria-valuetext={`${density * 100} percent`}
              value={String(positionOf(density))}
              onInput={(event) => {
                typed.value = null;
                onChange(densityAt(event.currentTarget.valueAsNumber));
              }}
            />
            <span class="bw-unit">
              <input
                type="number"
                min={100 * DENSITY.exclusiveMinimum}
                max={100 * DENSITY.maximum}
                step="any"
                aria-label="Share of the cells in percent"
                value={typed.value ?? percentOf(density)}
                onInput={(event) => type(event.currentTarget)}
                onChange={() => {
                  typed.value = null;
                }}
              />
              %
            </span>
          </>
        )}
      </Field>
      <small class="bw-hint bw-estimate">{`about ${formatCount(cellsAt(density, cells))} of ${formatCount(cells)} cells`}</small>
    </div>
  );
}
