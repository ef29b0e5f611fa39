// The clipboard, also on pages that are served over plain HTTP, where browsers offer no other way.

/** Copies a text; throws an error if the browser does not let it. */
export async function copyText(text: string, root: HTMLElement): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.setAttribute("aria-hidden", "true");
  area.style.cssText = "position: absolute; width: 0; height: 0; opacity: 0";
  root.append(area);
  try {
    area.select();
    if (!document.execCommand("copy")) {
      throw new Error("The browser does not let this page copy.");
    }
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) {
      focused.focus({ preventScroll: true });
    }
  }
}
