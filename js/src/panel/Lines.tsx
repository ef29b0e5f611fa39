// What was done last, as Python: so people learn what to write in a cell.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { Button, IconButton } from "../ui/Button.js";
import { useCopying } from "../ui/copying.js";

export function Lines() {
  const view = useView();
  const { lines } = view.traits.history.value;
  const root = useRef<HTMLElement>(null);
  const open = useSignal(false);
  const copying = useCopying();
  const last = lines.at(-1) ?? "";
  const listId = `bw-lines-${view.id}`;
  return (
    <section ref={root} class="bw-lines" aria-label="As Python" hidden={last === ""}>
      <div id={listId} hidden={!open.value}>
        {open.value && <AllLines lines={lines} onCopy={() => copying(lines.join("\n"), root.current)} />}
      </div>
      <div class="bw-last-line">
        <IconButton
          icon={open.value ? "down" : "right"}
          label="All lines"
          title={open.value ? "Show the last line only" : "Show what was done before, too"}
          controls={listId}
          expanded={open.value}
          onClick={() => {
            open.value = !open.value;
          }}
        />
        <code title={last}>{last}</code>
        <IconButton
          icon="copy"
          label="Copy as Python"
          title="Copy as Python: this line does the same in a cell"
          onClick={() => copying(last, root.current)}
        />
      </div>
    </section>
  );
}

interface AllLinesProps {
  readonly lines: readonly string[];
  readonly onCopy: () => void;
}

/** The lines, the newest last and in sight. */
function AllLines({ lines, onCopy }: AllLinesProps) {
  const list = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it scrolls when there are others
  useLayoutEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [lines]);
  return (
    <div class="bw-all-lines">
      {/* biome-ignore lint/a11y: without the focus keys could not scroll it, and a fieldset is for controls */}
      <div ref={list} class="bw-line-list" tabIndex={0} role="group" aria-label="What was done, as Python">
        {lines.map((line, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines have no state
          <code key={place}>{line}</code>
        ))}
      </div>
      <div class="bw-actions">
        <Button onClick={onCopy}>Copy all</Button>
      </div>
    </div>
  );
}
