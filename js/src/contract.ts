// The contract with the kernel, which is generated from its Python types, and names for parts of it.
import type { AnyModel } from "@anywidget/types";
import type { Camera, KernelMessages, PageMessages, Traits } from "./contract.gen.js";

export * from "./contract.gen.js";

export type Model = AnyModel<Traits>;
export type State = Traits["status"]["state"];
export type Vec3 = Camera["position"];
/** CSS pixels, and how many of the canvas's own pixels one of them has. */
export type Size = PageMessages["resize"];
export type Frame = KernelMessages["frame"];
