// Browser of the backend's folders, to pick a file.
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type Directory, type Folder, type Format, PARAMETERS } from "../contract.js";
import { Button, IconButton } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { ListBox } from "../ui/ListBox.js";
import { Problem } from "../ui/Problem.js";
import { type Entry, entriesOf, formatOf } from "./files.js";
import { folderOf, placeOf, recentFiles } from "./recent.js";

/** A path, and not the beginning of a name. */
const PATH = /^~|[\\/]|\.(json|swc|asc|h5)$/i;
/** A file that can be loaded, where the renderer has not told its formats. */
const FILE = /\.(json|swc|asc|h5)$/i;

interface FileBrowserProps {
  readonly hidden: boolean;
  /** The formats that can be loaded; null if the renderer has not told them. */
  readonly formats: readonly Format[] | null;
  /** The user looks elsewhere: what was said of a file is over. */
  readonly onMove: () => void;
  /** The file that is being opened, or "". */
  readonly opening: string;
  readonly onPick: (path: string) => void;
}

export function FileBrowser({ hidden, formats, opening, onMove, onPick }: FileBrowserProps) {
  const { link, traits } = useView();
  const commands = useCommands();
  const folder = useSignal<Directory | null>(null);
  const recent = useSignal(false);
  const typed = useSignal("");
  const all = useSignal(false);
  /** Where the list starts: at the folder that was left. */
  const start = useSignal<string | undefined>(undefined);
  const list = useRef<HTMLDivElement>(null);
  const asked = useRef(0);
  const entered = useSignal(""); // the folder that was asked for last
  const wasHidden = useRef(hidden);
  useLayoutEffect(() => {
    if (wasHidden.current && !hidden) {
      list.current?.focus({ preventScroll: true }); // back from the form of a file
    }
    wasHidden.current = hidden;
  }, [hidden]);
  const place = placeOf(traits.job.value);
  const open = (path: string | null) => {
    asked.current += 1;
    const own = asked.current;
    const before = typed.value;
    entered.value = path ?? "";
    onMove();
    void commands.run(async () => {
      const answer = await link.call("files.list", { path });
      if (own === asked.current) {
        start.value = folder.value?.trail.find(({ path }) => folderOf(path) === answer.path)?.path;
        folder.value = answer;
        recent.value = false;
        typed.value = typed.value === before ? "" : typed.value; // somebody may have gone on typing
      }
    });
  };
  // The backend can be asked once the renderer is ready, and need not be before the browser is open.
  const awake = traits.panel_open.value && traits.status.value.state === "ready";
  useLayoutEffect(() => {
    if (awake && asked.current === 0) {
      open(null);
    }
  });
  const pick = (path: string) => {
    commands.clear();
    onPick(path);
  };
  const { shown, left } = useMemo(
    () =>
      recent.value || !folder.value
        ? { shown: recent.value ? recentEntries(place, typed.value) : [], left: 0 }
        : entriesOf(folder.value, formats, all.value, PATH.test(typed.value) ? "" : typed.value),
    [folder.value, recent.value, formats, all.value, typed.value, place],
  );
  const choose = ({ kind, path }: Entry) => (kind === "folder" ? open(path) : pick(path));
  const submit = (event: Event) => {
    event.preventDefault();
    const path = typed.value.trim();
    const [first] = shown;
    if (!PATH.test(path)) {
      if (first && !first.reason) {
        choose(first);
      }
    } else if ((formats ? formatOf(path, formats) : FILE.test(path)) || path === folder.value?.path) {
      pick(path); // a folder that is shown already: the one configuration in it is meant
    } else {
      open(path);
    }
  };
  const parent = folder.value?.parent ?? null;
  const comes = opening || (commands.busy.value ? entered.value : "");
  const keys = (event: KeyboardEvent) => {
    const isUp = event.key === "Backspace" || (event.altKey && event.key === "ArrowUp");
    if (isUp && recent.value) {
      recent.value = false;
    } else if (isUp && parent !== null) {
      open(parent);
    }
    return isUp;
  };
  return (
    <div class="bw-browser" hidden={hidden}>
      <div class="bw-trail">
        <Trail trail={folder.value?.trail ?? []} onOpen={open} />
        <IconButton
          icon="clock"
          label="Recent files"
          pressed={recent.value}
          onClick={() => {
            onMove();
            recent.value = !recent.value;
          }}
        />
      </div>
      <form class="bw-path" onSubmit={submit}>
        <input
          type="text"
          aria-label="Filter, or path to open"
          placeholder="Filter, or a path"
          spellcheck={false}
          autocomplete="off"
          maxLength={PARAMETERS["files.list"].path.maxLength}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => enterList(event, list)}
        />
        {PATH.test(typed.value) && <Button>Open</Button>}
      </form>
      <ListBox
        list={list}
        label={recent.value ? "Recent files" : `Files in ${folder.value?.trail.at(-1)?.name ?? "…"}`}
        options={shown}
        start={start.value}
        busy={commands.busy.value}
        onChoose={choose}
        onKey={keys}
      />
      <p class="bw-hint" aria-live="polite">
        {comes
          ? `Opening ${comes.split(/[\\/]/).filter(Boolean).at(-1) ?? comes}…`
          : empty(shown.length, recent.value, folder.value, left, typed.value)}
      </p>
      {(left > 0 || all.value) && !recent.value && (
        <label class="bw-check bw-all">
          <input
            type="checkbox"
            checked={all.value}
            onChange={(event) => {
              all.value = event.currentTarget.checked;
            }}
          />
          {all.value ? "Show all files" : `Show all files (${left.toLocaleString("en")} more)`}
        </label>
      )}
      <Problem of={commands} />
    </div>
  );
}

/** From the filter to the list below it. */
function enterList(event: KeyboardEvent, list: RefObject<HTMLDivElement | null>): void {
  if (event.key === "ArrowDown") {
    event.preventDefault();
    list.current?.focus();
  }
}

function empty(count: number, recent: boolean, folder: Directory | null, left: number, typed: string): string {
  if (count > 0 || (!folder && !recent)) {
    return "";
  }
  if (typed) {
    return "Nothing here has this in its name.";
  }
  if (recent) {
    return "No file was loaded in this browser yet.";
  }
  return left > 0 ? "Nothing here can be loaded." : "This folder is empty.";
}

/** The files that were loaded before, and their folders. */
function recentEntries(place: string, filter: string): readonly Entry[] {
  const files = recentFiles(place);
  const file = (path: string): Entry => ({ kind: "file", key: path, text: tail(path), path, icon: "file" });
  const folder = (path: string): Entry => ({
    kind: "folder",
    key: path,
    text: tail(path),
    path,
    icon: "folder",
    detail: "folder",
  });
  const found = [...files.map(file), ...[...new Set(files.map(folderOf))].map(folder)];
  return found.filter(({ path }) => path.toLowerCase().includes(filter.trim().toLowerCase()));
}

/** A path without what is far above: circuits have names such as "circuit_config.json". */
function tail(path: string): string {
  return path.split(/[\\/]/).slice(-2).join("/");
}

interface TrailProps {
  readonly trail: readonly Folder[];
  readonly onOpen: (path: string) => void;
}

/** The folders that lead to the present one. */
function Trail({ trail, onOpen }: TrailProps) {
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end of another trail comes into sight
  useLayoutEffect(() => {
    if (nav.current) {
      nav.current.scrollLeft = nav.current.scrollWidth;
    }
  }, [trail]);
  return (
    <nav class="bw-crumbs" aria-label="Folders" ref={nav}>
      {trail.map(({ name, path }, index) => (
        <button
          key={path}
          type="button"
          class="bw-crumb"
          title={path}
          aria-current={index === trail.length - 1 ? "location" : undefined}
          onClick={() => onOpen(path)}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
