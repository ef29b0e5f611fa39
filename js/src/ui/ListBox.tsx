// A list to choose from with one tab stop: arrows, Home and End, typing ahead. Only the rows in sight are in the page.
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./Icon.js";

/** Height of a row in CSS pixels; the style sheet gets it. */
const ROW = 24;
/** Rows beyond those in sight, for scrolling without a gap. */
const SPARE = 12;
const SHOWN_AT_FIRST = 20;
/** Letters that come sooner after one another are one word. */
const WORD_MS = 800;

export interface Option {
  readonly key: string;
  readonly text: string;
  /** Said and shown after the text. */
  readonly detail?: string;
  readonly icon?: IconName;
  /** Why it cannot be chosen, or "". */
  readonly reason?: string;
  /** Whether it is chosen, where several can be. */
  readonly chosen?: boolean;
}

interface ListBoxProps<T extends Option> {
  readonly label: string;
  readonly options: readonly T[];
  /** Another list starts at this option, or at its first. */
  readonly start?: string | undefined;
  readonly busy?: boolean;
  /** Whether several options can be chosen. */
  readonly several?: boolean;
  /** The list's element, to focus it. */
  readonly list?: RefObject<HTMLDivElement | null>;
  readonly onChoose: (option: T) => void;
  /** Keys that the list does not know; returns whether it has used one. */
  readonly onKey?: (event: KeyboardEvent) => boolean;
}

export function ListBox<T extends Option>({
  label,
  options,
  start,
  busy = false,
  several = false,
  list,
  onChoose,
  onKey,
}: ListBoxProps<T>) {
  const own = useRef<HTMLDivElement>(null);
  const box = list ?? own;
  const [id] = useState(() => `bw-${Math.random().toString(36).slice(2)}`);
  const active = useSignal<string | null>(null);
  const top = useSignal(0);
  const typed = useRef({ text: "", at: Number.NEGATIVE_INFINITY });
  const found = options.findIndex(({ key }) => key === active.value);
  const index = Math.max(found, 0);
  const show = (row: number) => {
    const element = box.current;
    if (element) {
      const [low, high] = [(row + 1) * ROW - element.clientHeight, row * ROW];
      element.scrollTop = Math.min(Math.max(element.scrollTop, low), high);
      top.value = element.scrollTop;
    }
  };
  const go = (row: number) => {
    const next = Math.min(Math.max(row, 0), options.length - 1);
    active.value = options[next]?.key ?? null;
    show(next);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: other options start anew, and nothing else does
  useLayoutEffect(() => {
    const first = Math.max(
      options.findIndex(({ key }) => key === start),
      0,
    );
    if (start !== undefined || found < 0) {
      go(first);
    }
  }, [options, start]);
  const choose = (option: T | undefined) => {
    if (option && !option.reason) {
      onChoose(option);
    }
  };
  const typeAhead = (letter: string) => {
    const now = performance.now();
    const word = now - typed.current.at < WORD_MS ? typed.current.text + letter : letter;
    typed.current = { text: word, at: now };
    // One letter again and again goes through all that begin with it.
    const isOne = [...word].every((one) => one === word[0]);
    const begins = (isOne ? (word[0] ?? "") : word).toLowerCase();
    for (let step = isOne ? 1 : 0; step <= options.length; step += 1) {
      const row = (index + step) % options.length;
      if (options[row]?.text.toLowerCase().startsWith(begins)) {
        go(row);
        return;
      }
    }
  };
  const press = (event: KeyboardEvent) => {
    const page = Math.max(Math.floor((box.current?.clientHeight ?? 0) / ROW) - 1, 1);
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: options.length - 1,
    };
    const move = event.altKey ? undefined : moves[event.key];
    const isWord = event.key.length === 1 && (event.key !== " " || performance.now() - typed.current.at < WORD_MS);
    if (event.ctrlKey || event.metaKey) {
      return;
    }
    if (onKey?.(event)) {
      // It is used.
    } else if (move !== undefined) {
      go(move);
    } else if (event.key === "Enter" || (event.key === " " && !isWord)) {
      choose(options[index]);
    } else if (isWord && !event.altKey) {
      typeAhead(event.key);
    } else {
      return;
    }
    event.preventDefault();
  };
  const height = box.current?.clientHeight || SHOWN_AT_FIRST * ROW;
  const first = Math.max(Math.floor(top.value / ROW) - SPARE, 0);
  const last = Math.min(Math.ceil((top.value + height) / ROW) + SPARE, options.length);
  const idOf = (row: number) => `${id}-${row}`;
  return (
    <div
      ref={box}
      role="listbox"
      class="bw-list"
      style={{ "--bw-row": `${ROW}px` }}
      tabIndex={0}
      aria-label={label}
      aria-busy={busy}
      aria-multiselectable={several || undefined}
      aria-activedescendant={index >= first && index < last ? idOf(index) : undefined}
      onKeyDown={press}
      onFocus={() => show(index)}
      onScroll={(event) => {
        top.value = event.currentTarget.scrollTop;
      }}
    >
      <div role="presentation" style={{ height: `${options.length * ROW}px`, paddingTop: `${first * ROW}px` }}>
        {options.slice(first, last).map((option, offset) => {
          const row = first + offset;
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names its active row
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list has the keys
            <div
              key={option.key}
              id={idOf(row)}
              role="option"
              class="bw-option"
              title={option.reason || option.text}
              aria-posinset={row + 1}
              aria-setsize={options.length}
              aria-selected={several ? option.chosen === true : row === index}
              aria-disabled={Boolean(option.reason) || undefined}
              data-active={row === index || undefined}
              onClick={() => {
                active.value = option.key;
                choose(option);
              }}
            >
              {several && <span class="bw-tick">{option.chosen ? "✓" : ""}</span>}
              {option.icon && <Icon name={option.icon} />}
              <span>{option.text}</span>
              <small>{option.reason || option.detail}</small>
            </div>
          );
        })}
      </div>
    </div>
  );
}
