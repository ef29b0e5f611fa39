// The list of what is loaded: show, color, remove.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { fromHex, toHex } from "../colors.js";
import { useView } from "../context.js";
import type { ModelEntry, Rgba } from "../contract.js";
import { IconButton } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { formatCount } from "../ui/format.js";
import { Problem } from "../ui/Problem.js";

const SOLID = "solid";
/** A swatch's color before the model has had one. */
const GRAY = "#cccccc";

export function Models() {
  const models = useView().traits.models.value;
  return (
    <div>
      {models.length === 0 && <p class="bw-hint">Nothing is loaded yet.</p>}
      <ul class="bw-models">
        {models.map((entry) => (
          <Row key={entry.id} entry={entry} />
        ))}
      </ul>
    </div>
  );
}

/** What was chosen and is not yet true. */
interface Draft {
  readonly of: ModelEntry;
  readonly changes: Partial<ModelEntry>;
}

function Row({ entry }: { readonly entry: ModelEntry }) {
  const { link } = useView();
  const commands = useCommands();
  const draft = useSignal<Draft | null>(null);
  // Controls show what was chosen until the kernel says what is true, or that it failed.
  const shown = draft.value?.of === entry ? { ...entry, ...draft.value.changes } : entry;
  const swatch = useRef(GRAY);
  if (shown.color) {
    swatch.current = toHex(shown.color);
  }
  const run = async (changes: Partial<ModelEntry>, call: () => Promise<unknown>) => {
    draft.value = { of: entry, changes };
    if (!(await commands.run(call))) {
      draft.value = null;
    }
  };
  const { id, name } = entry;
  const show = (visible: boolean) => void run({ visible }, () => link.call("update_model", { id, visible }));
  const paint = (method: string, color: Rgba | null) =>
    void run({ color_by: method, color }, () => link.call("color_model", { id, method, color }));
  const remove = () => void run({}, () => link.call("remove_model", { id }));
  const busy = commands.busy.value;
  const methods = entry.color_methods;
  return (
    <li class="bw-model">
      <label class="bw-model-name">
        <input
          type="checkbox"
          aria-label={`Show ${name}`}
          checked={shown.visible}
          disabled={busy}
          onChange={(event) => show(event.currentTarget.checked)}
        />
        <span class="bw-name" title={entry.path ?? name}>
          {name}
        </span>
      </label>
      <IconButton icon="close" label={`Remove ${name}`} title="Remove" disabled={busy} onClick={remove} />
      <small class="bw-hint">{describe(entry)}</small>
      <div class="bw-model-color">
        <input
          type="color"
          aria-label={`Color of ${name}`}
          class={shown.color_by === SOLID ? "" : "bw-unused"}
          hidden={!methods.includes(SOLID)}
          value={swatch.current}
          disabled={busy}
          onChange={(event) => paint(SOLID, fromHex(event.currentTarget.value, entry.color?.[3] ?? 1))}
        />
        <select
          aria-label={`Color ${name} by`}
          hidden={methods.length === 0}
          value={shown.color_by ?? ""}
          disabled={busy}
          onChange={({ currentTarget: { value } }) => paint(value, value === SOLID ? fromHex(swatch.current) : null)}
        >
          {/* What a model is colored by before anyone chose cannot be chosen again. */}
          <option value="" hidden>
            Default colors
          </option>
          {methods.map((method) => (
            <option key={method} value={method}>
              {method === SOLID ? "One color" : `By ${method.replaceAll("_", " ")}`}
            </option>
          ))}
        </select>
      </div>
      <Problem of={commands} />
    </li>
  );
}

function describe({ name, population, cells }: ModelEntry): string {
  const count = cells === null ? "" : `${formatCount(cells)} cell${cells === 1 ? "" : "s"}`;
  return [population === name ? null : population, count].filter(Boolean).join(" · ");
}
