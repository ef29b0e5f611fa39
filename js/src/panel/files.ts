// What a folder shows: configurations first, then folders, then the other files that can be loaded.
import type { Directory, File, Format } from "../contract.js";
import { formatBytes } from "../ui/format.js";
import type { Option } from "../ui/ListBox.js";

export interface Entry extends Option {
  readonly kind: "folder" | "file";
  readonly path: string;
}

export interface Entries {
  readonly shown: readonly Entry[];
  /** Number of hidden files, and of those that no loader reads. */
  readonly left: number;
}

/** The loader of circuits, which have a form of their own. */
const SONATA = "SONATA loader";
const CONFIGURATION = /config[^/\\]*\.json$/i;

/** The formats of a file, those of the longest ending first; "h5" is the end of "circuit.morphologies.h5", too. */
export function formatsOf(path: string, formats: readonly Format[]): readonly Format[] {
  const name = path.toLowerCase().split(/[\\/]/).at(-1);
  // Some are whole names.
  const fits = (ending: string) => `.${name}`.endsWith(`.${ending}`);
  return formats
    .flatMap((format) => format.extensions.filter(fits).map((ending) => ({ format, length: ending.length })))
    .sort((a, b) => b.length - a.length)
    .map(({ format }) => format);
}

/** The format that a file is read as, or undefined; one that works goes before one that is always refused. */
export function formatOf(path: string, formats: readonly Format[]): Format | undefined {
  const found = formatsOf(path, formats);
  return found.find(({ reason }) => !reason) ?? found[0];
}

/** The format of a file that is no circuit, or null. */
export function fileFormat(path: string, formats: readonly Format[] | null): Format | null {
  const format = formats ? formatOf(path, formats) : undefined;
  return format && format.loader !== SONATA ? format : null;
}

/** What of a folder is shown; without `formats`, which a renderer may not tell, any file may be tried. */
export function entriesOf(
  { directories, files }: Directory,
  formats: readonly Format[] | null,
  all: boolean,
  filter: string,
): Entries {
  const wanted = filter.trim().toLowerCase();
  const folders = directories.map(
    ({ name, path }): Entry => ({ kind: "folder", key: path, text: name, path, detail: "folder", icon: "folder" }),
  );
  const made = files.map((file) => entryOf(file, formats));
  const isShown = ({ text, reason }: Entry) => all || !(text.startsWith(".") || reason);
  const sorted = [
    ...made.filter(({ text, reason }) => CONFIGURATION.test(text) && !reason),
    ...folders,
    ...made.filter(({ text, reason }) => !CONFIGURATION.test(text) && !reason),
    ...made.filter(({ reason }) => reason),
  ];
  const shown = sorted.filter(isShown);
  return {
    shown: shown.filter(({ text }) => text.toLowerCase().includes(wanted)),
    left: sorted.length - sorted.filter((entry) => isShown(entry)).length,
  };
}

function entryOf({ name, path, size }: File, formats: readonly Format[] | null): Entry {
  const format = formats && formatOf(name, formats);
  const reason = format?.reason || (formats && !format ? "cannot be loaded" : "");
  return { kind: "file", key: path, text: name, path, detail: formatBytes(size), icon: "file", reason };
}
