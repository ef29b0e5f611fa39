// Copying what is shown, and telling it over the picture.
import { useView } from "../context.js";
import { copyText } from "./clipboard.js";

/** A function that copies a text; `root` is an element of the view. */
export function useCopying(): (text: string, root: HTMLElement | null) => void {
  const { picture } = useView();
  return (text, root) => {
    if (root) {
      copyText(text, root).then(
        () => picture.say("Copied."),
        (error: unknown) => picture.say(`Nothing was copied: ${error instanceof Error ? error.message : error}`),
      );
    }
  };
}
