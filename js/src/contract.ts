// The contract with the kernel, generated from its Python types, and names for parts of it.
import type { AnyModel } from "@anywidget/types";
import type { Camera, KernelMessages, PageMessages, Traits } from "./contract.gen.js";

export * from "./contract.gen.js";

export type WidgetModel = AnyModel<Traits>;
export type State = Traits["status"]["state"];
export type Vec3 = Camera["position"];
/** Size in CSS pixels, and the device pixels of one CSS pixel. */
export type Size = PageMessages["resize"];
export type Frame = KernelMessages["frame"];
export type FrameIds = KernelMessages["ids"];
