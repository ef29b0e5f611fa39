// Keeps keys that are pressed in a view from the notebook's shortcuts.

/**
 * JupyterLab leaves keys alone that are pressed in an element with the attribute that is set here; other notebooks
 * listen further up. Shortcuts with Ctrl or ⌘, such as Ctrl+S, remain theirs: JupyterLab looks before we do, but the
 * modifier's own event comes first.
 */
export function keepKeys(root: HTMLElement, signal: AbortSignal): void {
  const suppress = (on: boolean) => {
    if (on) {
      root.dataset.lmSuppressShortcuts = "true";
    } else {
      delete root.dataset.lmSuppressShortcuts;
    }
  };
  const isTheirs = (event: KeyboardEvent) => event.ctrlKey || event.metaKey;
  root.addEventListener(
    "keydown",
    (event) => {
      suppress(!isTheirs(event));
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
