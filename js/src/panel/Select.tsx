// The selected cells: how many there are, and what can be done with them.
import { useSignal } from "@preact/signals";
import { useView } from "../context.js";
import { PARAMETERS } from "../contract.js";
import { publish } from "../kernel/traits.js";
import { ACTION_KEYS, type Action } from "../picture/actions.js";
import { Ranges } from "../picture/ranges.js";
import { Button } from "../ui/Button.js";
import { ColorInput } from "../ui/ColorInput.js";
import { useCommands } from "../ui/commands.js";
import { download } from "../ui/download.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { Problem } from "../ui/Problem.js";
import { Table } from "./Table.js";

const LABELS: Readonly<Record<Action, string>> = {
  frame: "Frame",
  isolate: "Isolate",
  hide: "Hide",
  show_all: "Show all",
};
const TITLES: Readonly<Record<Action, string>> = {
  frame: "Point the camera at the selected cells",
  isolate: "Let all other cells fade",
  hide: "Hide the selected cells",
  show_all: "Show all cells as they were before",
};
const GOLD = "#ffd700";

export function Select() {
  const { link, picture, traits } = useView();
  const commands = useCommands();
  const color = useSignal(GOLD);
  const table = useSignal(false);
  const selected = Object.entries(traits.selection.value);
  const busy = commands.busy.value;
  const idle = busy || selected.length === 0;
  const isVeiled = traits.models.value.some(({ veiled }) => veiled);
  const act = (action: Action) => (
    <Button
      key={action}
      title={`${TITLES[action]} (${ACTION_KEYS[action]})`}
      disabled={action === "show_all" ? busy || !isVeiled : idle}
      onClick={() => void commands.run(() => picture.act(action))}
    >
      {LABELS[action]}
    </Button>
  );
  return (
    <div>
      <Counts selected={selected} />
      <div class="bw-acts">
        {act("frame")}
        {act("isolate")}
        {act("hide")}
        {act("show_all")}
        <Button
          title="Select nothing (Escape)"
          disabled={idle}
          onClick={() => void commands.run(() => picture.picking.clear())}
        >
          Clear
        </Button>
        <Button
          title="Load the selected cells as a model of their own"
          disabled={idle}
          onClick={() => void commands.run(() => link.call("selection.to_model", {}))}
        >
          Make a model
        </Button>
      </div>
      <Highlighted />
      <Field name="Color">
        {(id) => (
          <ColorInput
            id={id}
            color={color.value}
            disabled={idle}
            onChoose={(chosen) => {
              color.value = chosen;
              void commands.run(() => link.call("selection.color", { color: chosen }));
            }}
          />
        )}
      </Field>
      <NodeSet
        disabled={idle}
        onSave={(name) =>
          void commands.run(async () => {
            const sets = await link.call("selection.to_node_set", { name });
            download(`${name}.json`, new Blob([JSON.stringify(sets, null, 2)], { type: "application/json" }));
          })
        }
      />
      <Problem of={commands} />
      <details
        class="bw-more"
        onToggle={(event) => {
          table.value = event.currentTarget.open;
        }}
      >
        <summary>Table of all cells</summary>
        {table.value && <Table />}
      </details>
    </div>
  );
}

function Counts({ selected }: { readonly selected: readonly (readonly [string, string])[] }) {
  const { picture, traits } = useView();
  if (selected.length === 0) {
    const obstacle = traits.status.value.state === "ready" ? picture.obstacle.value : "";
    const how = obstacle ? `Click a cell. ${obstacle}` : "Click a cell, or draw a rectangle or a lasso over some.";
    return <p class="bw-hint">Nothing is selected. {how}</p>;
  }
  return (
    <ul class="bw-counts">
      {selected.map(([population, text]) => {
        const { count } = new Ranges(text);
        return (
          <li key={population}>
            <span class="bw-name" title={population}>
              {population}
            </span>
            <span>
              {formatCount(count)} {count === 1 ? "cell" : "cells"}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Highlighted() {
  const { model, picture, traits } = useView();
  const obstacle = traits.status.value.state === "ready" ? picture.obstacle.value : "";
  return (
    <label class="bw-check" title={obstacle}>
      <input
        type="checkbox"
        disabled={obstacle !== ""}
        checked={traits.highlight.value && obstacle === ""}
        onChange={(event) => publish(model, "highlight", event.currentTarget.checked)}
      />
      Highlight them in the picture
    </label>
  );
}

function NodeSet({ disabled, onSave }: { readonly disabled: boolean; readonly onSave: (name: string) => void }) {
  const name = useSignal("");
  const chosen = name.value.trim();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSave(chosen);
      }}
    >
      <Field name="Save as">
        {(id) => (
          <div class="bw-acts">
            <input
              type="text"
              id={id}
              placeholder="node set name"
              maxLength={PARAMETERS["selection.to_node_set"].name.maxLength}
              value={name.value}
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
            <Button title="Download it as a SONATA node set" disabled={disabled || !chosen}>
              Save
            </Button>
          </div>
        )}
      </Field>
    </form>
  );
}
