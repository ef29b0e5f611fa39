// One model in the list: show, name, focus, color; the rest unfolds below.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type MaterialKind, type ModelState, PARAMETERS } from "../contract.js";
import { extentOf } from "../picture/framing.js";
import { IconButton } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
import { useCommands } from "../ui/commands.js";
import { formatCount } from "../ui/format.js";
import { Icon } from "../ui/Icon.js";
import { Problem } from "../ui/Problem.js";
import { Rename } from "../ui/Rename.js";
import { type Ids, idOf } from "./chosen.js";
import type { Options } from "./ModelColors.js";
import { ModelDetails } from "./ModelDetails.js";

const SOLID = "solid";
/** A swatch's color before the model has had one. */
const GRAY = "#cccccc";

/** Choices that the kernel has not confirmed yet. */
interface Draft {
  readonly of: ModelState;
  readonly changes: Partial<ModelState>;
}

interface ModelRowProps {
  readonly entry: ModelState;
  /** Which one it is of those that have its name, or 0 if it is the only one. */
  readonly ordinal: number;
  /** The models that an action in this row is about. */
  readonly several: readonly ModelState[];
  readonly kinds: readonly MaterialKind[];
  /** What it can be colored by beside its coloring methods. */
  readonly attributes: readonly string[];
  /** Whether it has the tab stop of the list. */
  readonly isActive: boolean;
  readonly isChosen: boolean;
  readonly isOpen: boolean;
  readonly isRenamed: boolean;
  /** Where what is dragged would be put. */
  readonly drop: "before" | "after" | null;
  readonly onChoose: (event: MouseEvent) => void;
  /** One of its controls has got the focus. */
  readonly onEnter: () => void;
  readonly onFold: () => void;
  readonly onGrab: (event: PointerEvent) => void;
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onRemove: () => void;
  readonly onRename: (begins: boolean) => void;
}

export function ModelRow(props: ModelRowProps) {
  const { entry, ordinal, several, isActive, isOpen } = props;
  const { link, picture } = useView();
  const commands = useCommands();
  const draft = useSignal<Draft | null>(null);
  // Controls show the choice until the kernel confirms it or reports a failure.
  const shown = draft.value?.of === entry ? { ...entry, ...draft.value.changes } : entry;
  const swatch = useRef(GRAY);
  if (shown.color) {
    swatch.current = shown.color;
  }
  const run = async (changes: Partial<ModelState>, call: (id: Ids) => Promise<unknown>) => {
    draft.value = { of: entry, changes };
    if (!(await commands.run(() => call(idOf(several))))) {
      draft.value = null;
    }
  };
  const { name } = entry;
  const called = ordinal > 0 ? `${name} (${ordinal})` : name;
  const show = (visible: boolean) => void run({ visible }, (id) => link.call("model.update", { id, visible }));
  const paint = (values: string, color: string | null) =>
    void run({ colored_by: values, color }, (id) => link.call("model.color_by", { id, values, color }));
  const repaint = (values: string) => (options: Options) =>
    void run({}, (id) => link.call("model.color_by", { id, values, ...options }));
  const busy = commands.busy.value;
  const { attributes } = props;
  const methods = entry.color_methods;
  const coloring = shown.colored_by ?? "";
  const unlisted = shown.colored_by === null ? "Colors set elsewhere" : "Default colors";
  const tab = isActive ? 0 : -1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a table has no rows that can be chosen
    <div
      role="row"
      class="bw-model"
      tabIndex={tab}
      aria-label={called}
      aria-selected={props.isChosen}
      data-model={entry.id}
      data-drop={props.drop}
      onKeyDown={(event) => {
        if (event.target === event.currentTarget) {
          props.onKey(event);
        }
      }}
      onFocusIn={(event) => {
        if (!isActive && event.target !== event.currentTarget) {
          props.onEnter();
        }
      }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the row has the focus */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the row has the keys */}
      <div
        role="gridcell"
        class="bw-model-head"
        onClick={(event) => {
          if (!(event.target as Element).closest("input, button, .bw-grip")) {
            props.onChoose(event);
          }
        }}
      >
        {/* A finger on the name scrolls; Alt with an arrow does the same as this. */}
        <span class="bw-grip" aria-hidden="true" title="Drag to another place" onPointerDown={props.onGrab}>
          <Icon name="grip" />
        </span>
        <input
          type="checkbox"
          aria-label={`Show ${called}`}
          title={shown.visible ? "Hide" : "Show"}
          tabIndex={tab}
          checked={shown.visible}
          disabled={busy}
          onChange={(event) => show(event.currentTarget.checked)}
        />
        {props.isRenamed ? (
          <Rename
            name={name}
            label={`Name of ${name}`}
            maxLength={PARAMETERS["model.update"].name.maxLength}
            onEnd={(chosen) => {
              props.onRename(false);
              if (chosen) {
                void run({ name: chosen }, () => link.call("model.update", { id: entry.id, name: chosen }));
              }
            }}
          />
        ) : (
          // biome-ignore lint/a11y/noStaticElementInteractions: F2 and a button do the same
          <span
            class="bw-name"
            title={entry.path ?? name}
            onPointerDown={(event) => {
              if (event.pointerType !== "touch") {
                props.onGrab(event);
              }
            }}
            onDblClick={() => props.onRename(true)}
          >
            {shown.name}
          </span>
        )}
        {ordinal > 0 && !props.isRenamed && (
          <small class="bw-hint" title={`${ordinal}. of the models with this name`}>
            {`(${ordinal})`}
          </small>
        )}
        <IconButton
          icon="focus"
          label={`Focus ${called}`}
          title="Point the camera at it"
          tab={tab}
          disabled={busy || entry.bounds === null}
          onClick={() => picture.framePoints(extentOf(entry))}
        />
        <IconButton
          icon={isOpen ? "down" : "right"}
          label={`More of ${called}`}
          title={isOpen ? "Less" : "Material, place and more"}
          expanded={isOpen}
          tab={tab}
          onClick={props.onFold}
        />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as above */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the row has the focus */}
      <div role="gridcell" class="bw-model-body">
        <small class="bw-hint">{describe(entry)}</small>
        {entry.notices.length > 0 && (
          <details class="bw-model-notices bw-hint">
            <summary tabIndex={tab}>
              {entry.notices.length === 1 ? "1 notice" : `${entry.notices.length} notices`}
            </summary>
            <ul>
              {entry.notices.map((notice) => (
                <li key={notice}>{notice}</li>
              ))}
            </ul>
          </details>
        )}
        <div class="bw-model-color" hidden={methods.length === 0}>
          <ColorInput
            label={`Color of ${called}`}
            class={shown.colored_by === SOLID ? "" : "bw-unused"}
            hidden={!methods.includes(SOLID)}
            color={swatch.current}
            tab={tab}
            disabled={busy}
            onChoose={(color) => paint(SOLID, color)}
          />
          <select
            aria-label={`Color ${called} by`}
            tabIndex={tab}
            value={coloring}
            disabled={busy}
            onChange={({ currentTarget: { value } }) => paint(value, value === SOLID ? swatch.current : null)}
          >
            {/* What was not chosen here, such as the first colors or values from Python, cannot be chosen again. */}
            {!methods.includes(coloring) && !attributes.includes(coloring) && (
              <option value={coloring} hidden>
                {coloring ? `By ${coloring}` : unlisted}
              </option>
            )}
            {attributes.length > 0 ? (
              <>
                <optgroup label="Methods">{methods.map(asOption)}</optgroup>
                <optgroup label="Attributes">{attributes.map(asOption)}</optgroup>
              </>
            ) : (
              methods.map(asOption)
            )}
          </select>
        </div>
        {isOpen && (
          <ModelDetails
            entry={shown}
            called={called}
            several={several}
            kinds={props.kinds}
            busy={busy}
            run={(changes, call) => void run(changes, call)}
            onPaint={[...methods, ...attributes].includes(coloring) ? repaint(coloring) : null}
            onRename={() => props.onRename(true)}
            onRemove={props.onRemove}
          />
        )}
        <Problem of={commands} />
      </div>
    </div>
  );
}

function asOption(values: string) {
  return (
    <option key={values} value={values}>
      {values === SOLID ? "One color" : `By ${values.replaceAll("_", " ")}`}
    </option>
  );
}

function describe({ name, population, cells }: ModelState): string {
  const count = cells === null ? "" : `${formatCount(cells)} cell${cells === 1 ? "" : "s"}`;
  return [population === name ? null : population, count].filter(Boolean).join(" · ");
}
