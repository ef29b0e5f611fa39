// Keeps keys that are pressed in a view from the notebook's shortcuts.
import { travelBy } from "./undo.js";

/**
 * JupyterLab leaves keys alone that are pressed in an element with the attribute that is set here; other notebooks
 * listen further up. Shortcuts with Ctrl or ⌘, such as Ctrl+S, remain theirs, but those that undo and redo: a notebook
 * would bring back deleted cells. JupyterLab looks at the document, so we look earlier, at the window.
 */
export function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  const suppress = (on: boolean) => {
    if (on) {
      root.dataset.lmSuppressShortcuts = "true";
    } else {
      delete root.dataset.lmSuppressShortcuts;
    }
  };
  const isTheirs = (event: KeyboardEvent) => (event.ctrlKey || event.metaKey) && !travelBy(event);
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.composedPath().includes(root)) {
        suppress(!isTheirs(event));
      }
    },
    { signal, capture: true },
  );
  root.addEventListener(
    "keydown",
    (event) => {
      if (!isTheirs(event)) {
        event.stopPropagation();
      }
    },
    { signal },
  );
  root.addEventListener("keyup", (event) => suppress(!isTheirs(event)), { signal });
  root.addEventListener("focusout", () => suppress(true), { signal });
  suppress(true);
}
