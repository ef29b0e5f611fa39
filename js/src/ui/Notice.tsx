// Messages over the picture: errors, warnings, and a button for a new renderer when it is lost.
import { useLayoutEffect } from "preact/hooks";
import { useView } from "../context.js";
import type { State } from "../contract.js";
import { Button, IconButton } from "./Button.js";
import { useCommands } from "./commands.js";
import { Problem } from "./Problem.js";

const RETRY_STATES: readonly State[] = ["failed", "stale", "ended"];

/** A box that is shown while there is a message. */
export function Notice() {
  const { link, picture, traits } = useView();
  const commands = useCommands();
  const notice = traits.notice.value;
  const status = traits.status.value;
  const broken = RETRY_STATES.includes(status.state);
  useLayoutEffect(() => {
    if (!broken) {
      commands.clear();
    }
  }, [broken, commands]);
  const retry = () => {
    picture.greet();
    void commands.run(() => link.call("job.start", {}));
  };
  const dismiss = () => void commands.run(() => link.call("notices.dismiss", {}));
  return (
    <div
      class="bw-notice"
      role="alert"
      data-level={notice?.level ?? (status.state === "failed" ? "error" : "warning")}
      hidden={!notice && !broken}
    >
      <div class="bw-words">
        <p>{notice?.text ?? (broken ? status.text : "")}</p>
        <p class="bw-hint" hidden={!notice?.hint}>
          {notice?.hint}
        </p>
        <Problem of={commands} />
      </div>
      {broken && (
        <Button disabled={commands.busy.value} onClick={retry}>
          Retry
        </Button>
      )}
      {notice && <IconButton icon="close" label="Dismiss" disabled={commands.busy.value} onClick={dismiss} />}
    </div>
  );
}
