// Messages over the picture: what has happened, what helps, and a button for it.
import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { Condition } from "../condition.js";
import { useView } from "../context.js";
import type { Notice as Told } from "../contract.js";
import { IconButton } from "./Button.js";
import { useCommands } from "./commands.js";
import { HelpButton } from "./HelpButton.js";
import { Problem } from "./Problem.js";

/** Errors stay until they are dismissed, or what they were about has succeeded. */
const SHOWN_MS = { info: 8000, warning: 20_000, error: null } as const;

/** A box that is shown while there is a message. */
export function Notice() {
  const { link, traits, condition } = useView();
  const commands = useCommands();
  const told = traits.notice.value;
  /** The notice whose time is over. */
  const over = useSignal<Told | null>(null);
  /** Whether someone reads it, by pointer or focus. */
  const held = useSignal(false);
  const time = told && !held.value ? SHOWN_MS[told.level] : null;
  useLayoutEffect(() => {
    const end = () => {
      over.value = told;
    };
    const timer = time === null ? undefined : setTimeout(end, time);
    return () => clearTimeout(timer);
  }, [told, time, over]);
  const now = condition.value;
  const notice = now.state === "lost" || told === over.value ? null : told;
  const dismiss = () => void commands.run(() => link.call("notices.dismiss", {}));
  const hold = (on: boolean) => () => {
    held.value = on;
  };
  return (
    <div
      class="bw-notice"
      role="alert"
      data-level={notice?.level ?? level(now)}
      hidden={!notice && !now.past}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocusIn={hold(true)}
      onFocusOut={hold(false)}
    >
      <div class="bw-words">
        <p>
          {notice?.text ?? now.text} <span class="bw-hint">{notice?.hint ?? now.hint}</span>
        </p>
        <Problem of={commands} />
      </div>
      <div class="bw-actions">
        {now.remedy && now.past && <HelpButton key={now.remedy} remedy={now.remedy} />}
        {notice && <IconButton icon="close" label="Dismiss" disabled={commands.busy.value} onClick={dismiss} />}
      </div>
    </div>
  );
}

function level({ state }: Condition): string {
  return state === "failed" ? "error" : "warning";
}
