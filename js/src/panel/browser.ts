// Walks the folders that the kernel's backend shows, and picks a file.
import type { Context } from "../context.js";
import type { Listing } from "../contract.js";
import { button, h, icon, iconButton } from "../dom.js";
import { Problem } from "./problem.js";

/** Folders of simulations can hold very many files; more than these are found by their path. */
const SHOWN_MAX = 500;

export function formatBytes(size: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let power = 0;
  let value = size;
  while (value >= 1000 && power < units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

export class FileBrowser {
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #pick: (path: string) => void;
  readonly #problem = new Problem();
  readonly #path = h("input", { type: "text", "aria-label": "Path", spellcheck: "false", autocomplete: "off" });
  readonly #up = iconButton("up", "Parent folder", () => this.#open(this.#parent));
  readonly #list = h("ul", { class: "bw-files", "aria-label": "Files" });
  #parent: string | null = null;
  #asked = 0;

  constructor(context: Context, pick: (path: string) => void) {
    this.#context = context;
    this.#pick = pick;
    const form = h("form", { class: "bw-path" }, [this.#up, this.#path, h("button", { class: "bw-button bw-plain" }, ["Open"])]);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(this.#path.value.trim());
    });
    this.#up.disabled = true;
    this.element = h("div", { class: "bw-browser" }, [form, this.#list, this.#problem.element]);
  }

  /** Shows the folder that the backend starts with. */
  start(): void {
    this.#open(null);
  }

  #go(path: string): void {
    if (/\.json$/i.test(path)) {
      this.#pick(path);
    } else {
      this.#open(path || null);
    }
  }

  #open(path: string | null): void {
    this.#asked += 1;
    const asked = this.#asked;
    this.#list.setAttribute("aria-busy", "true");
    void this.#problem
      .run([], async () => {
        const listing = await this.#context.link.call("list_directory", { path });
        if (asked === this.#asked) {
          this.#show(listing);
        }
      })
      .finally(() => this.#list.removeAttribute("aria-busy"));
  }

  #show({ path, parent, directories, files }: Listing): void {
    this.#parent = parent;
    this.#up.disabled = parent === null;
    this.#path.value = path;
    this.#path.title = path;
    const rows = [
      ...directories.map((entry) => this.#row("folder", entry.name, "", () => this.#open(entry.path))),
      ...files.map((entry) => this.#row("file", entry.name, formatBytes(entry.size), () => this.#pick(entry.path))),
    ];
    const rest = rows.length - SHOWN_MAX;
    if (rest > 0) {
      rows.splice(SHOWN_MAX, rest, h("li", { class: "bw-hint" }, [`${rest} more; type the path of one to open it.`]));
    } else if (rows.length === 0) {
      rows.push(h("li", { class: "bw-hint" }, ["This folder is empty."]));
    }
    this.#list.replaceChildren(...rows);
    this.#list.scrollTop = 0;
  }

  #row(kind: "folder" | "file", name: string, detail: string, onclick: () => void): HTMLLIElement {
    const entry = button("", onclick);
    entry.className = "bw-file";
    entry.title = name;
    entry.append(icon(kind), h("span", {}, [name]), h("small", {}, [detail]));
    return h("li", {}, [entry]);
  }
}
