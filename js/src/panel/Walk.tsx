// Partners of a cell as a list: Enter goes to one, whose partners are listed then, and back.
import { useMemo } from "preact/hooks";
import { useView } from "../context.js";
import type { Partner } from "../contract.js";
import type { Direction } from "../picture/partners.js";
import { Button } from "../ui/Button.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { ListBox, type Option } from "../ui/ListBox.js";
import { Problem } from "../ui/Problem.js";

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ["both", "That send or receive"],
  ["afferent", "That send to it (afferent)"],
  ["efferent", "That receive from it (efferent)"],
];

interface PartnerOption extends Option {
  readonly partner: Partner;
}

export function Walk() {
  const { picture } = useView();
  const { partners } = picture;
  const { commands } = partners;
  const picked = picture.picking.cell.value;
  const [cell, found, trail] = [partners.cell.value, partners.found.value, partners.trail.value];
  const busy = commands.busy.value;
  const options = useMemo(() => {
    const listed = found?.partners ?? [];
    const several = new Set(listed.map(({ population }) => population)).size > 1;
    return listed.map((one) => optionOf(one, several));
  }, [found]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a legend does not stand in a line with a control
    <div class="bw-walk" role="group" aria-label="Partners of a cell">
      <Field name="Partners">
        {(id) => (
          <select
            id={id}
            value={partners.direction.value}
            onChange={({ currentTarget }) => {
              partners.direction.value = currentTarget.value as Direction;
              void partners.again();
            }}
          >
            {DIRECTIONS.map(([direction, text]) => (
              <option key={direction} value={direction}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
      <label class="bw-check">
        <input
          type="checkbox"
          checked={partners.fades.value}
          onChange={({ currentTarget }) => {
            partners.fades.value = currentTarget.checked;
          }}
        />
        Let all other cells fade
      </label>
      <div class="bw-acts">
        <Button
          disabled={busy || !picked}
          title={picked ? `Find the partners of cell ${picked.cell}` : "Click a cell in the picture first"}
          onClick={() => picked && void partners.start(picked)}
        >
          Of the picked cell
        </Button>
        <Button
          disabled={busy || trail.length === 0}
          title={trail.length > 0 ? `Go back to cell ${trail.at(-1)?.cell}` : "Go back to the cell before"}
          onClick={() => void partners.back()}
        >
          Back
        </Button>
      </div>
      {cell && found && (
        <>
          <p class="bw-hint" role="status">
            {summary(cell.cell, found.count, found.synapses, options.length)}
          </p>
          {options.length > 0 && (
            <ListBox
              label={`Partners of cell ${cell.cell}`}
              options={options}
              busy={busy}
              onChoose={({ partner }) => void partners.go(partner)}
            />
          )}
        </>
      )}
      <Problem of={commands} />
    </div>
  );
}

function optionOf(partner: Partner, several: boolean): PartnerOption {
  const { population, cell, afferent, efferent } = partner;
  const numbers = [afferent && `${formatCount(afferent)} from it`, efferent && `${formatCount(efferent)} to it`];
  return {
    key: `${population} ${cell}`,
    text: several ? `${population} · ${cell}` : String(cell),
    detail: numbers.filter(Boolean).join(", "),
    partner,
  };
}

function summary(cell: number, count: number, synapses: number, listed: number): string {
  if (count === 0) {
    return `Cell ${cell} has no such partners.`;
  }
  const partners = `${formatCount(count)} ${count === 1 ? "partner" : "partners"}`;
  const most = listed < count ? ` The ${formatCount(listed)} with most synapses are listed.` : "";
  return `Cell ${cell}: ${partners}, ${formatCount(synapses)} ${synapses === 1 ? "synapse" : "synapses"}.${most}`;
}
