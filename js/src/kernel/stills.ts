// Stills: the outputs that show a view in a notebook without a kernel. Where the page is a notebook's, as in JupyterLab and
// Notebook 7, they are set in its model, after the output that shows the widget, and so saved with it.
import type { KernelMessages, WidgetModel } from "../contract.js";
import { atEnd } from "../lifetime.js";

type Still = KernelMessages["still"];
type Output = Still["outputs"][number];

// What we use of JupyterLab's models and of its widget manager.
interface Outputs {
  readonly length: number;
  get(index: number): { readonly data: Record<string, unknown>; readonly metadata: Record<string, unknown> };
  set(index: number, value: object): void;
  add(value: object): unknown;
}
interface Manager {
  readonly context?: { readonly model?: { readonly cells?: Iterable<{ readonly outputs?: Outputs }> } };
  has_model(id: string): boolean;
  get_model(id: string): Promise<{ get(name: string): unknown }>;
}

const VIEW = "application/vnd.jupyter.widget-view+json";
const MARK = "brayns_widget";

/** Keeps what the kernel sends, until `end` is aborted. Once per model, whichever views there are. */
export function keepStills(model: WidgetModel, end: AbortSignal): void {
  const manager = model.widget_manager as unknown as Manager;
  const receive = (content: unknown) => {
    const message = content as (Still & { kind?: string }) | null;
    if (message?.kind === "still") {
      keep(manager, message).catch((error: unknown) => console.error("brayns_widget: a picture was not kept", error));
    }
  };
  model.on("msg:custom", receive);
  atEnd(end, () => model.off("msg:custom", receive));
}

/** Sets the outputs in each cell that shows the widget. */
export async function keep(manager: Manager, still: Still): Promise<void> {
  for (const { outputs } of manager.context?.model?.cells ?? []) {
    if (outputs && (await shows(manager, outputs, still.model))) {
      place(outputs, still);
    }
  }
}

async function shows(manager: Manager, outputs: Outputs, wanted: string): Promise<boolean> {
  for (let index = 0; index < outputs.length; index += 1) {
    const shown = outputs.get(index).data[VIEW] as { model_id?: string } | undefined;
    if (shown?.model_id && (await holds(manager, shown.model_id, wanted))) {
      return true;
    }
  }
  return false;
}

/** Whether a widget is the wanted one, or a box that holds it. */
async function holds(manager: Manager, id: string, wanted: string): Promise<boolean> {
  if (id === wanted) {
    return true;
  }
  if (!manager.has_model(id)) {
    return false;
  }
  const children = (await manager.get_model(id)).get("children");
  for (const child of Array.isArray(children) ? children : []) {
    if (await holds(manager, (child as { model_id: string }).model_id, wanted)) {
      return true;
    }
  }
  return false;
}

function place(outputs: Outputs, still: Still): void {
  const kept: number[] = [];
  for (let index = 0; index < outputs.length; index += 1) {
    if (outputs.get(index).metadata[MARK] === still.model) {
      kept.push(index);
    }
  }
  const first = kept[0];
  if (first !== undefined && still.outputs[0] && isSame(outputs.get(first).data, still.outputs[0])) {
    return; // the same picture with another date: no reason to call the notebook changed
  }
  still.outputs.forEach((output, number) => {
    const index = kept[number];
    const value = { output_type: "display_data", ...output };
    if (index === undefined) {
      outputs.add(value);
    } else {
      outputs.set(index, value);
    }
  });
}

function isSame(data: Readonly<Record<string, unknown>>, output: Output): boolean {
  return Object.entries(output.data).every(([mime, value]) => !mime.startsWith("image/") || data[mime] === value);
}
