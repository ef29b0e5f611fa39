// What pointer and keys do in the picture, behind a button.
import { useSignal } from "@preact/signals";
import { keysId, useView } from "../context.js";
import { IconButton } from "../ui/Button.js";
import { TRAVEL_KEYS } from "../undo.js";
import { ACTION_KEYS } from "./actions.js";
import { AXES, ROLL_KEYS, SLAB_KEYS, TOOL_KEYS } from "./gestures.js";

const { rectangle, lasso, orbit } = TOOL_KEYS;
const { frame, isolate, hide, show_all } = ACTION_KEYS;
const { undo, redo } = TRAVEL_KEYS;
const KEYS: readonly (readonly [keys: string, effect: string])[] = [
  ["Drag, arrows", "turn"],
  ["Shift + either", "move"],
  [`${[...AXES.keys()].join(", ")} held`, "turn about that axis, move along it"],
  ["Shift in a drag", "slower; also with the wheel"],
  ["Wheel, + and −", "zoom, the wheel to the pointer"],
  ["Double click", "look at what is there"],
  ["1 to 6", "look from the front, back, left, right, top or bottom"],
  [ROLL_KEYS.join(", "), "turn the picture"],
  [SLAB_KEYS.join(", "), "move the slab by its thickness"],
  ["R", "reset the camera"],
  ["Click", "tell what is there, and select it"],
  [`${rectangle}, ${lasso}`, "let a drag select in a rectangle or a lasso"],
  ["Ctrl, Alt", "add to the selection, remove from it"],
  [orbit, "let a drag turn again"],
  [`${frame}, ${isolate}, ${hide}`, "frame, isolate or hide the selected cells"],
  [show_all, "show all cells again"],
  ["Escape", "cancel a stroke, or select nothing"],
  [undo, "undo the last change"],
  [redo, "do it again"],
];

/** The list describes the canvas, too. */
export function Keys() {
  const view = useView();
  const open = useSignal(false);
  const id = keysId(view);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the list, wherever in it the focus is
    <div
      class="bw-keys"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.currentTarget.querySelector("button")?.focus();
          open.value = false;
        }
      }}
    >
      <IconButton
        icon="help"
        label="Keys and pointer"
        controls={id}
        expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      />
      <dl id={id} hidden={!open.value} tabIndex={0}>
        {KEYS.map(([keys, effect]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{effect}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
