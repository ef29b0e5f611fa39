// Browser of the backend's folders, to pick a file.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type Directory, PARAMETERS } from "../contract.js";
import { Button, IconButton } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { formatBytes } from "../ui/format.js";
import { Icon } from "../ui/Icon.js";
import { Problem } from "../ui/Problem.js";

/** Maximum number of entries shown: folders of simulations can have very many files, which are opened by path. */
const SHOWN_MAX = 500;

interface Entry {
  readonly kind: "folder" | "file";
  readonly name: string;
  readonly path: string;
  readonly detail: string;
}

interface Shown {
  readonly path: string;
  readonly parent: string | null;
  readonly entries: readonly Entry[];
}

function folderOf({ path, parent, directories, files }: Directory): Shown {
  const entries: Entry[] = [
    ...directories.map((entry) => ({ ...entry, kind: "folder" as const, detail: "" })),
    ...files.map(({ size, ...entry }) => ({ ...entry, kind: "file" as const, detail: formatBytes(size) })),
  ];
  return { path, parent, entries };
}

interface FileBrowserProps {
  readonly hidden: boolean;
  /** The user looks elsewhere: what was said of a file is over. */
  readonly onMove: () => void;
  readonly onPick: (path: string) => void;
}

export function FileBrowser({ hidden, onMove, onPick }: FileBrowserProps) {
  const { link, traits } = useView();
  const commands = useCommands();
  const folder = useSignal<Shown | null>(null);
  const typed = useSignal("");
  const asked = useRef(0);
  const open = (path: string | null) => {
    asked.current += 1;
    const own = asked.current;
    onMove();
    void commands.run(async () => {
      const answer = folderOf(await link.call("files.list", { path }));
      if (own === asked.current) {
        folder.value = answer;
        typed.value = answer.path;
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
  const submit = (event: Event) => {
    event.preventDefault();
    const path = typed.value.trim();
    // A folder that is shown already: the one configuration in it is meant.
    if (/\.(json|swc|asc|h5)$/i.test(path) || (path !== "" && path === folder.value?.path)) {
      pick(path);
    } else {
      open(path || null);
    }
  };
  const parent = folder.value?.parent ?? null;
  return (
    <div class="bw-browser" hidden={hidden}>
      <form class="bw-path" onSubmit={submit}>
        <IconButton icon="up" label="Parent folder" disabled={parent === null} onClick={() => open(parent)} />
        <input
          type="text"
          aria-label="Path"
          spellcheck={false}
          autocomplete="off"
          maxLength={PARAMETERS["files.list"].path.maxLength}
          title={folder.value?.path}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
        <Button>Open</Button>
      </form>
      <Files folder={folder.value} busy={commands.busy.value} onOpen={open} onPick={pick} />
      <Problem of={commands} />
    </div>
  );
}

interface FilesProps {
  readonly folder: Shown | null;
  readonly busy: boolean;
  readonly onOpen: (path: string) => void;
  readonly onPick: (path: string) => void;
}

function Files({ folder, busy, onOpen, onPick }: FilesProps) {
  const list = useRef<HTMLUListElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another folder starts at its top
  useLayoutEffect(() => {
    if (list.current) {
      list.current.scrollTop = 0;
    }
  }, [folder]);
  const entries = folder?.entries ?? [];
  const rest = entries.length - SHOWN_MAX;
  return (
    <ul class="bw-files" aria-label="Files" aria-busy={busy} ref={list}>
      {entries.slice(0, SHOWN_MAX).map(({ kind, name, path, detail }) => (
        <li key={path}>
          <button
            type="button"
            class="bw-file"
            title={name}
            onClick={() => (kind === "folder" ? onOpen(path) : onPick(path))}
          >
            <Icon name={kind} />
            <span>{name}</span>
            <small>{detail}</small>
          </button>
        </li>
      ))}
      {rest > 0 && <li class="bw-hint">{`${rest} more; type the path of one to open it.`}</li>}
      {folder && entries.length === 0 && <li class="bw-hint">This folder is empty.</li>}
    </ul>
  );
}
