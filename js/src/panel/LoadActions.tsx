// The buttons below a form that loads something.
import { Button } from "../ui/Button.js";

export function LoadActions({ busy, onBack }: { readonly busy: boolean; readonly onBack: () => void }) {
  return (
    <div class="bw-actions">
      <Button onClick={onBack}>Back</Button>
      <Button primary disabled={busy}>
        Load
      </Button>
    </div>
  );
}
