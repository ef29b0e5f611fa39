// Files of this machine: dropped on the view or chosen, sent to the renderer, and loaded there.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useView } from "../context.js";
import { type Format, PARAMETERS } from "../contract.js";
import { CallError } from "../kernel/link.js";
import { publish } from "../kernel/traits.js";
import { Button } from "../ui/Button.js";
import { useCommands } from "../ui/commands.js";
import { Problem } from "../ui/Problem.js";
import { FileForm } from "./FileForm.js";
import type { Fold } from "./Folding.js";
import { formatOf } from "./files.js";
import { fieldsOf } from "./schema.js";
import { sendFile } from "./sending.js";

const LARGEST = PARAMETERS["models.receive"].size.maximum;

interface Chosen {
  readonly file: File;
  readonly format: Format;
}

interface UploadProps {
  readonly formats: readonly Format[] | null;
  readonly folding: Fold;
}

export function Upload({ formats, folding }: UploadProps) {
  const { link, model, traits, signal } = useView();
  const commands = useCommands();
  const input = useRef<HTMLInputElement>(null);
  const place = useRef<HTMLDivElement>(null);
  /** A file whose loader has parameters. */
  const asking = useSignal<Chosen | null>(null);
  const sending = useSignal<{ readonly name: string; readonly share: number; readonly stop: AbortController } | null>(
    null,
  );
  const load = ({ file, format }: Chosen, options: Readonly<Record<string, unknown>>) =>
    commands.run(async () => {
      const stop = new AbortController();
      signal.addEventListener("abort", () => stop.abort(), { once: true, signal: stop.signal });
      const tell = (share: number) => {
        sending.value = { name: file.name, share, stop };
      };
      tell(0);
      try {
        const upload = await sendFile(link, file, tell, stop.signal);
        if (upload !== null) {
          asking.value = null;
          const { loader } = format;
          await folding.await(null, "models.load_received", { upload, name: file.name, loader, options });
        }
      } finally {
        sending.value = null;
      }
    });
  const choose = (files: FileList | null | undefined) => {
    folding.stay();
    // Files may be dropped while all of this is hidden.
    folding.folded.value = false;
    publish(model, "panel_open", true);
    place.current?.closest("details")?.setAttribute("open", "");
    void commands.run(async () => {
      const chosen = [...(files ?? [])].map((file) => chosenOf(file, formats ?? []));
      for (const one of chosen) {
        if (chosen.length === 1 && fieldsOf(one.format.parameters, one.format.defaults).fields.length > 0) {
          asking.value = one;
        } else {
          await load(one, one.format.defaults);
        }
      }
    });
  };
  const chooser = useRef(choose);
  chooser.current = choose;
  const can = formats?.some(({ uploads }) => uploads.length > 0) === true && traits.status.value.state === "ready";
  useEffect(() => {
    const view = place.current?.closest<HTMLElement>(".brayns-widget");
    const isFiles = (event: DragEvent) => can && event.dataTransfer?.types.includes("Files");
    const over = (event: DragEvent) => {
      if (isFiles(event)) {
        event.preventDefault(); // it may be dropped here
        view?.setAttribute("data-dropping", "");
      }
    };
    const leave = (event: DragEvent) => {
      if (!(event.relatedTarget instanceof Node && view?.contains(event.relatedTarget))) {
        view?.removeAttribute("data-dropping");
      }
    };
    const drop = (event: DragEvent) => {
      view?.removeAttribute("data-dropping");
      if (isFiles(event)) {
        event.preventDefault();
        event.stopPropagation();
        chooser.current(event.dataTransfer?.files);
      }
    };
    view?.addEventListener("dragover", over);
    view?.addEventListener("dragleave", leave);
    view?.addEventListener("drop", drop);
    return () => {
      view?.removeEventListener("dragover", over);
      view?.removeEventListener("dragleave", leave);
      view?.removeEventListener("drop", drop);
    };
  }, [can]);
  const sent = sending.value;
  const isTelling = asking.value !== null || commands.failure.value !== null;
  useEffect(() => {
    if (isTelling) {
      place.current?.scrollIntoView({ block: "nearest" });
    }
  }, [isTelling]);
  return (
    <div class="bw-upload" ref={place}>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          choose(event.currentTarget.files);
          event.currentTarget.value = ""; // the same file may be chosen again
        }}
      />
      {!sent && !asking.value && (
        <div class="bw-upload-line">
          <Button disabled={!can} onClick={() => input.current?.click()}>
            Upload…
          </Button>
          <small class="bw-hint">
            {can || formats === null ? "or drop files of this computer" : "This renderer reads no uploads."}
          </small>
        </div>
      )}
      {asking.value && (
        <FileForm
          name={asking.value.file.name}
          format={asking.value.format}
          busy={commands.busy.value}
          onBack={() => {
            asking.value = null;
          }}
          onChange={folding.stay}
          onLoad={(options) => {
            if (asking.value) {
              void load(asking.value, options);
            }
          }}
        />
      )}
      {sent && (
        <div class="bw-upload-line">
          <progress value={sent.share} aria-label={`Uploading ${sent.name}`} />
          <Button onClick={() => sent.stop.abort()}>Cancel upload</Button>
        </div>
      )}
      <Problem of={commands} />
    </div>
  );
}

/** A file with its format; refuses what cannot be uploaded, and says what can. */
function chosenOf(file: File, formats: readonly Format[]): Chosen {
  const format = formatOf(file.name, formats);
  const ending = file.name.toLowerCase().split(".").at(-1) ?? "";
  const endings = [...new Set(formats.flatMap(({ uploads }) => uploads))].map((one) => `.${one}`).join(", ");
  if (!format?.uploads.includes(ending)) {
    const message = format ? `${file.name} cannot be uploaded.` : `${file.name} is of no kind that can be loaded.`;
    const path = format && !format.reason ? " Load this one by its path on the renderer's machine." : "";
    throw refusal(message, format?.reason || `Uploads may be ${endings}.${path}`);
  }
  if (file.size === 0) {
    throw refusal(`${file.name} is empty.`, "");
  }
  if (file.size > LARGEST) {
    const hint = "Copy it to the renderer's machine, and load it by its path.";
    throw refusal(`${file.name} has more than ${LARGEST / 2 ** 20} MiB.`, hint);
  }
  return { file, format };
}

function refusal(message: string, hint: string): CallError {
  return new CallError({ type: "CircuitError", message, hint });
}
