// The last lines of the present job's log, read again while someone looks at them.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Problem } from "../ui/Problem.js";

const PERIOD_MS = 5000;
/** A log that is left open for ten minutes rests, so that idle kernels can be ended. */
const MOST = 120;
/** From here on the end of the log is in view, and stays there. */
const NEAR_PX = 8;

export function JobLog() {
  const { link } = useView();
  const commands = useCommands();
  const state = useSignal<"closed" | "following" | "resting">("closed");
  /** What was read, or null before that. */
  const text = useSignal<string | null>(null);
  const box = useRef<HTMLDetailsElement>(null);
  const lines = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);
  const following = state.value === "following";
  // biome-ignore lint/correctness/useExhaustiveDependencies: the others are the same for all of its life
  useEffect(() => {
    if (!following) {
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let left = MOST;
    let over = false;
    const read = async () => {
      const read = await link.call("job.log", {});
      const shown = lines.current;
      atEnd.current = !shown || shown.scrollHeight - shown.scrollTop - shown.clientHeight < NEAR_PX;
      text.value = read;
    };
    const follow = async () => {
      // Not while the page is hidden, or the section folded away.
      if (document.visibilityState === "visible" && box.current?.checkVisibility?.() !== false) {
        left -= 1;
        const succeeded = await commands.run(read);
        if (over) {
          return;
        }
        if (!succeeded || left === 0) {
          state.value = "resting";
          return;
        }
      }
      timer = setTimeout(() => void follow(), PERIOD_MS);
    };
    void follow();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [following]);
  const shown = text.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown has changed its height
  useLayoutEffect(() => {
    if (lines.current && atEnd.current) {
      lines.current.scrollTop = lines.current.scrollHeight;
    }
  }, [shown]);
  return (
    <details
      ref={box}
      class="bw-log"
      onToggle={(event) => {
        state.value = event.currentTarget.open ? "following" : "closed";
      }}
    >
      <summary>Log</summary>
      {shown === "" && <p class="bw-hint">Nothing was logged.</p>}
      {shown && (
        <pre
          ref={lines}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
          tabIndex={0}
        >
          {shown}
        </pre>
      )}
      <Problem of={commands} />
      {state.value === "resting" && (
        <div class="bw-actions">
          <Button
            onClick={() => {
              state.value = "following";
            }}
          >
            Read again
          </Button>
        </div>
      )}
    </details>
  );
}
