// The button that does what helps.
import type { Remedy } from "../condition.js";
import { useView } from "../context.js";
import { Button } from "./Button.js";
import { useCommands } from "./commands.js";
import { Problem } from "./Problem.js";

const LABELS: Record<Remedy, string> = { start: "Start", restore: "Start again", reconnect: "Reconnect" };

export function HelpButton({ remedy, primary = false }: { readonly remedy: Remedy; readonly primary?: boolean }) {
  const { link, picture } = useView();
  const commands = useCommands();
  const help = async () => {
    if (remedy === "reconnect") {
      await picture.kernel.reconnect?.();
    } else {
      await link.call(remedy === "start" ? "job.start" : "job.restore", {});
    }
  };
  return (
    <>
      <Button primary={primary} disabled={commands.busy.value} onClick={() => void commands.run(help)}>
        {LABELS[remedy]}
      </Button>
      <Problem of={commands} />
    </>
  );
}
