// Text over the picture: status and hints.
import { useComputed } from "@preact/signals";
import { useView } from "../context.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Problem } from "../ui/Problem.js";

export function Overlay() {
  const { link, picture, traits } = useView();
  const commands = useCommands();
  const pictured = useComputed(() => picture.frame.value !== null).value;
  const { state, text } = traits.status.value;
  const silent = picture.silent.value;
  const empty = state === "ready" && traits.models.value.length === 0 && traits.progress.value === null;
  const waiting = !pictured && (state === "starting" || state === "queued" || state === "ready");
  let words = "";
  if (silent) {
    words = "The kernel does not answer. Run the cell again.";
  } else if (picture.hint.value) {
    words = picture.hint.value;
  } else if (waiting) {
    words = state === "ready" ? "Waiting for the first picture…" : text;
  } else if (state === "idle") {
    words = text;
  } else if (empty) {
    words = "Choose a circuit in the panel, or call load_circuit(path).";
  }
  return (
    <div class={pictured ? "bw-overlay bw-quiet" : "bw-overlay"}>
      <span class="bw-spinner" aria-hidden="true" hidden={!waiting || silent} />
      <p hidden={!words}>{words}</p>
      {state === "idle" && (
        <Button
          primary
          disabled={commands.busy.value}
          onClick={() => void commands.run(() => link.call("job.start", {}))}
        >
          Start
        </Button>
      )}
      <Problem of={commands} />
    </div>
  );
}
