// What the user must be told, over the picture: errors, warnings, and a way on when the renderer is gone.
import { type Context, watch } from "./context.js";
import type { State } from "./contract.js";
import { button, h, iconButton, setText } from "./dom.js";
import { Problem } from "./panel/problem.js";

const RETRY_STATES: readonly State[] = ["failed", "stale", "ended"];

/** A box that is there while there is something to tell; `retry` is called besides the kernel's command. */
export function createNotice({ model, link, signal }: Context, retry: () => void): HTMLElement {
  const problem = new Problem();
  const text = h("p");
  const hint = h("p", { class: "bw-hint" });
  const again = button("Retry", () => {
    retry();
    void problem.run([again], async () => void (await link.call("retry", {})));
  });
  const dismiss = iconButton("close", "Dismiss", () => {
    void problem.run([dismiss], async () => void (await link.call("dismiss", {})));
  });
  const words = h("div", { class: "bw-words" }, [text, hint, problem.element]);
  const element = h("div", { class: "bw-notice", role: "alert" }, [words, again, dismiss]);
  const update = () => {
    const notice = model.get("notice");
    const status = model.get("status");
    const broken = RETRY_STATES.includes(status.state);
    element.hidden = !notice && !broken;
    element.dataset["level"] = notice?.level ?? (status.state === "failed" ? "error" : "warning");
    setText(text, notice?.text ?? (broken ? status.text : ""));
    setText(hint, notice?.hint ?? "");
    hint.hidden = !hint.textContent;
    again.hidden = !broken;
    dismiss.hidden = !notice;
    if (!broken) {
      problem.clear();
    }
  };
  watch(model, "notice", update, signal);
  watch(model, "status", update, signal);
  return element;
}
