// Choice of node sets: a list with search, and with the number of cells of each, which the backend is asked at once.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useView } from "../context.js";
import type { NodeSet } from "../contract.js";
import { Field } from "../ui/Field.js";
import { formatCount } from "../ui/format.js";
import { Icon } from "../ui/Icon.js";
import { ListBox, type Option } from "../ui/ListBox.js";

interface NodeSetsProps {
  readonly path: string;
  readonly population: string;
  readonly names: readonly string[];
  /** Cells of any of these; none for all cells. */
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

interface Counts {
  readonly busy: boolean;
  readonly known: ReadonlyMap<string, NodeSet>;
  /** Why there are none, or "". */
  readonly problem: string;
}

const NONE: Counts = { busy: false, known: new Map(), problem: "" };

/** The numbers of cells, asked while `wanted`. */
function useCounts(path: string, population: string, wanted: boolean): Counts {
  const { link } = useView();
  const counts = useSignal(NONE);
  const asked = useRef("");
  const question = JSON.stringify([path, population]);
  useEffect(() => {
    if (!wanted || population === "" || asked.current === question) {
      return;
    }
    asked.current = question;
    counts.value = { ...NONE, busy: true };
    const ask = async () => {
      let answer = NONE;
      try {
        const found = await link.call("models.count_node_sets", { path, population });
        answer = { ...NONE, known: new Map(found.map((one) => [one.name, one])) };
      } catch (error) {
        answer = { ...NONE, problem: error instanceof Error ? error.message : String(error) };
      }
      if (asked.current === question) {
        counts.value = answer;
      }
    };
    void ask();
  }, [wanted, question, path, population, link, counts]);
  const found = counts.value; // also where it is not used yet, to hear of the next one
  return asked.current === question ? found : NONE;
}

function optionOf(name: string, known: NodeSet | undefined, chosen: boolean): Option {
  const detail = known?.cells === undefined || known.cells === null ? "" : formatCount(known.cells);
  // What is chosen can be left out, whatever became of it.
  return { key: name, text: name, detail, reason: chosen ? "" : (known?.reason ?? ""), chosen };
}

export function NodeSets({ path, population, names, chosen, onChange }: NodeSetsProps) {
  const open = useSignal(false);
  const typed = useSignal("");
  const search = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { busy, known, problem } = useCounts(path, population, open.value);
  const isOpen = open.value;
  useLayoutEffect(() => {
    if (isOpen) {
      search.current?.focus({ preventScroll: true });
    }
  }, [isOpen]);
  const options = useMemo(() => {
    const wanted = typed.value.trim().toLowerCase();
    const found = names
      .filter((name) => name.toLowerCase().includes(wanted))
      .map((name) => optionOf(name, known.get(name), chosen.includes(name)));
    return [...found.filter(({ reason }) => !reason), ...found.filter(({ reason }) => reason)];
  }, [names, known, chosen, typed.value]);
  const toggle = ({ key }: Option) =>
    onChange(chosen.includes(key) ? chosen.filter((name) => name !== key) : [...chosen, key]);
  const close = (event: KeyboardEvent) => {
    const isEscape = event.key === "Escape";
    if (isEscape) {
      event.stopPropagation();
      button.current?.focus();
      open.value = false;
    }
    return isEscape;
  };
  const press = (event: KeyboardEvent) => {
    const [first] = options;
    if (event.key === "ArrowDown") {
      list.current?.focus();
    } else if (event.key === "Enter") {
      if (first && !first.reason && typed.value) {
        toggle(first);
      }
    } else if (!close(event)) {
      return;
    }
    event.preventDefault(); // Enter would load
  };
  return (
    <div>
      <Field name="Node sets">
        {(id) => (
          <button
            id={id}
            ref={button}
            type="button"
            class="bw-choice"
            aria-label={`Node sets: ${summary(chosen)}`}
            aria-expanded={isOpen}
            title={chosen.join(", ")}
            onClick={() => {
              open.value = !isOpen;
            }}
          >
            <span>{summary(chosen)}</span>
            <Icon name="down" />
          </button>
        )}
      </Field>
      {isOpen && (
        <div class="bw-choosing">
          <input
            ref={search}
            type="text"
            aria-label="Search node sets"
            placeholder={`Search ${formatCount(names.length)} node sets`}
            spellcheck={false}
            autocomplete="off"
            value={typed.value}
            onInput={(event) => {
              typed.value = event.currentTarget.value;
            }}
            onKeyDown={press}
          />
          <ListBox list={list} label="Node sets" options={options} several onChoose={toggle} onKey={close} />
          <small class="bw-hint" aria-live="polite">
            {busy ? "Counting cells…" : problem || (options.length === 0 ? "No node set has this in its name." : "")}
          </small>
        </div>
      )}
    </div>
  );
}

function summary(chosen: readonly string[]): string {
  if (chosen.length > 2) {
    return `${chosen.length} node sets`;
  }
  return chosen.join(" or ") || "All cells";
}
