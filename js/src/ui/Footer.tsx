// The line below the picture: what the view does, how far it is, and how good the picture is.
import { useLayoutEffect } from "preact/hooks";
import { useView } from "../context.js";
import { Button } from "./Button.js";
import { useCommands } from "./commands.js";
import { Problem } from "./Problem.js";

export function Footer() {
  return (
    <div class="bw-footer">
      <StatusText />
      <ProgressBar />
      <FrameText />
    </div>
  );
}

function StatusText() {
  const { state, text, past } = useView().condition.value;
  return (
    // While the picture is past, a notice says this and more.
    <span class="bw-status" role="status" aria-live={past ? "off" : "polite"} title={text} data-state={state}>
      {text}
    </span>
  );
}

function ProgressBar() {
  const { link, traits, condition } = useView();
  const commands = useCommands();
  const progress = condition.value.state === "lost" ? null : traits.progress.value;
  const task = progress?.task ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another task has nothing to do with the failure
  useLayoutEffect(() => commands.clear(), [task]);
  const cancel = () => {
    if (task !== null) {
      void commands.run(() => link.call("tasks.cancel", { task }));
    }
  };
  const amount = progress?.amount ?? null;
  return (
    <div class="bw-progress" hidden={progress === null}>
      <progress max={1} value={amount ?? undefined} aria-label="Progress" />
      <span class="bw-percent">{amount === null ? "" : `${Math.round(amount * 100)} %`}</span>
      {progress && (
        <Button disabled={commands.busy.value} onClick={cancel}>
          Cancel
        </Button>
      )}
      <Problem of={commands} />
    </div>
  );
}

function FrameText() {
  const { picture } = useView();
  const frame = picture.frame.value;
  if (!frame) {
    return <span class="bw-picture" />; // the status says more
  }
  if (picture.drawing.value) {
    return (
      <span class="bw-picture" title="The picture shows what was before" data-drawing>
        Drawing…
      </span>
    );
  }
  const { width, height, accumulation, max_accumulation } = frame;
  const share = max_accumulation > 1 ? accumulation / max_accumulation : 1;
  return (
    <span class="bw-picture" title={`Samples of each pixel: ${accumulation} of ${max_accumulation}`}>
      {`${width} × ${height} px${share < 1 ? ` · ${Math.floor(100 * share)} % sharp` : ""}`}
    </span>
  );
}
