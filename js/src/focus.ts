// Keeps the focus in a view when what has it is removed, hidden or disabled.
import { allRunning } from "./kernel/calls.js";
import { atEnd } from "./lifetime.js";

const TABBABLE = "button, input, select, textarea, summary, a[href], [tabindex]";

/** What has the focus, the section it is in, and all that comes before it there, nearest first. */
interface Held {
  readonly element: HTMLElement;
  readonly section: HTMLElement | null;
  readonly before: readonly HTMLElement[];
}

/**
 * Gives the focus back to a control that was disabled while its command ran; else to what stands in the place of the
 * lost element in its section, or to the picture.
 */
export function keepFocus(root: HTMLElement, signal: AbortSignal): void {
  let held: Held | null = null;
  const take = ({ target }: FocusEvent) => {
    held = target instanceof HTMLElement ? hold(target) : null;
  };
  // Whoever leaves an element that stays there goes where they want to. Of one that is removed we hear before that.
  const leave = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && canTake(target)) {
      setTimeout(() => {
        if (held?.element === target && canTake(target)) {
          held = null;
        }
      });
    }
  };
  const press = (event: PointerEvent) => {
    if (!event.composedPath().includes(root)) {
      held = null;
    }
  };
  const look = () => {
    const lost = held?.element;
    if (!held || !lost || signal.aborted || !isLost(root, lost)) {
      return;
    }
    if (canTake(lost)) {
      lost.focus({ preventScroll: true });
    } else if (!isShown(lost) || allRunning.peek() === 0) {
      const next = successor(held) ?? root.querySelector<HTMLElement>(".bw-canvas");
      next?.focus({ preventScroll: true });
    }
  };
  const lookSoon = () => setTimeout(look); // components have their own say first
  root.addEventListener("focusin", take, { signal });
  root.addEventListener("focusout", leave, { signal });
  document.addEventListener("pointerdown", press, { signal, capture: true });
  const observer = new MutationObserver(lookSoon);
  observer.observe(root, { subtree: true, childList: true, attributeFilter: ["hidden", "disabled", "inert"] });
  const unsubscribe = allRunning.subscribe(lookSoon);
  atEnd(signal, () => {
    observer.disconnect();
    unsubscribe();
  });
}

function hold(element: HTMLElement): Held {
  const section = element.closest<HTMLElement>(".bw-section");
  const all = section ? tabbable(section) : [];
  return { element, section, before: all.slice(0, all.indexOf(element)).reverse() };
}

function tabbable(part: HTMLElement): HTMLElement[] {
  return [...part.querySelectorAll<HTMLElement>(TABBABLE)].filter((element) => element.tabIndex >= 0);
}

function successor({ section, before }: Held): HTMLElement | undefined {
  const now = section?.isConnected ? tabbable(section).filter(canTake) : [];
  const previous = before.find((element) => now.includes(element));
  return previous ? (now[now.indexOf(previous) + 1] ?? previous) : now[0];
}

function isShown(element: HTMLElement): boolean {
  return element.isConnected && !element.closest("[inert]") && element.checkVisibility?.() !== false;
}

function canTake(element: HTMLElement): boolean {
  return isShown(element) && !element.matches(":disabled");
}

/** Whether the focus is at `lost` or nowhere. */
function isLost(root: HTMLElement, lost: HTMLElement): boolean {
  const { activeElement } = root.getRootNode() as Document | ShadowRoot;
  return activeElement === null || activeElement === document.body || activeElement === lost;
}
