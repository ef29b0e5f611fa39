// Commands of a component, and the focus of the control that started one.
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Commands } from "../kernel/calls.js";

/** The commands of a component, which disables its controls while they are busy. */
export function useCommands(): Commands {
  const commands = useMemo(() => new Commands(), []);
  const focused = useRef<HTMLElement | null>(null);
  const wasBusy = useRef(false);
  const busy = commands.busy.value;
  if (busy && !wasBusy.current) {
    focused.current = activeElement(); // a control that is disabled now may lose the focus at once
  }
  wasBusy.current = busy;
  useLayoutEffect(() => {
    if (busy) {
      focused.current = focused.current?.matches(":disabled") ? focused.current : null;
    } else if (focused.current) {
      giveBack(focused.current);
      focused.current = null;
    }
  }, [busy]);
  return commands;
}

function activeElement(): HTMLElement | null {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) {
    element = element.shadowRoot.activeElement;
  }
  return element instanceof HTMLElement ? element : null;
}

/** Focuses `element`, unless the user has gone elsewhere. */
function giveBack(element: HTMLElement): void {
  const active = activeElement();
  if (!active || active === document.body || active.shadowRoot || active === element) {
    element.focus({ preventScroll: true });
  }
}
