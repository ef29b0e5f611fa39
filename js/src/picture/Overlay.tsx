// Text over the picture: what it waits for, and hints.
import { useView } from "../context.js";
import { HelpButton } from "../ui/HelpButton.js";

const BUSY_STATES = ["starting", "queued", "waiting"];

export function Overlay() {
  const { picture, traits, condition } = useView();
  const { state, text, remedy } = condition.value;
  const pictured = picture.frame.value !== null;
  const empty = state === "ready" && traits.models.value.length === 0;
  let words = "";
  if (picture.hint.value) {
    words = picture.hint.value;
  } else if (state === "idle" || state === "waiting" || (BUSY_STATES.includes(state) && !pictured)) {
    words = text;
  } else if (empty) {
    words = "Choose a circuit in the panel, or call load_circuit(path).";
  }
  return (
    <div class={pictured ? "bw-overlay bw-quiet" : "bw-overlay"}>
      <span class="bw-spinner" aria-hidden="true" hidden={pictured || !BUSY_STATES.includes(state)} />
      {/* Other words are those of the status line. */}
      <p hidden={!words} aria-live={picture.hint.value ? "polite" : "off"}>
        {words}
      </p>
      {remedy === "start" && <HelpButton remedy={remedy} primary />}
    </div>
  );
}
