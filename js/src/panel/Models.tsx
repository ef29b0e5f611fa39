// The list of models: show, color, remove.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { ModelState } from "../contract.js";
import { IconButton } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
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

/** Choices that the kernel has not confirmed yet. */
interface Draft {
  readonly of: ModelState;
  readonly changes: Partial<ModelState>;
}

function Row({ entry }: { readonly entry: ModelState }) {
  const { link } = useView();
  const commands = useCommands();
  const draft = useSignal<Draft | null>(null);
  // Controls show the choice until the kernel confirms it or reports a failure.
  const shown = draft.value?.of === entry ? { ...entry, ...draft.value.changes } : entry;
  const swatch = useRef(GRAY);
  if (shown.color) {
    swatch.current = shown.color;
  }
  const run = async (changes: Partial<ModelState>, call: () => Promise<unknown>) => {
    draft.value = { of: entry, changes };
    if (!(await commands.run(call))) {
      draft.value = null;
    }
  };
  const { id, name } = entry;
  const show = (visible: boolean) => void run({ visible }, () => link.call("model.update", { id, visible }));
  const paint = (values: string, color: string | null) =>
    void run({ colored_by: values, color }, () => link.call("model.color_by", { id, values, color }));
  const remove = () => void run({}, () => link.call("model.remove", { id }));
  const busy = commands.busy.value;
  const methods = entry.color_methods;
  const coloring = shown.colored_by ?? "";
  const unlisted = shown.colored_by === null ? "Colors set elsewhere" : "Default colors";
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
      {entry.notices.length > 0 && (
        <details class="bw-model-notices bw-hint">
          <summary>{entry.notices.length === 1 ? "1 notice" : `${entry.notices.length} notices`}</summary>
          <ul>
            {entry.notices.map((notice) => (
              <li key={notice}>{notice}</li>
            ))}
          </ul>
        </details>
      )}
      <div class="bw-model-color">
        <ColorInput
          label={`Color of ${name}`}
          class={shown.colored_by === SOLID ? "" : "bw-unused"}
          hidden={!methods.includes(SOLID)}
          color={swatch.current}
          disabled={busy}
          onChoose={(color) => paint(SOLID, color)}
        />
        <select
          aria-label={`Color ${name} by`}
          hidden={methods.length === 0}
          value={coloring}
          disabled={busy}
          onChange={({ currentTarget: { value } }) => paint(value, value === SOLID ? swatch.current : null)}
        >
          {/* What was not chosen here, such as the first colors or values from Python, cannot be chosen again. */}
          {!methods.includes(coloring) && (
            <option value={coloring} hidden>
              {coloring ? `By ${coloring}` : unlisted}
            </option>
          )}
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

function describe({ name, population, cells }: ModelState): string {
  const count = cells === null ? "" : `${formatCount(cells)} cell${cells === 1 ? "" : "s"}`;
  return [population === name ? null : population, count].filter(Boolean).join(" · ");
}
