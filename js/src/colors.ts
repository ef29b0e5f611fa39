// Colors of the renderer are linear, color inputs speak sRGB (IEC 61966-2-1).
import type { Rgba } from "./contract.js";

function encode(linear: number): string {
  const value = Math.min(Math.max(linear, 0), 1);
  const srgb = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
  return Math.round(srgb * 255)
    .toString(16)
    .padStart(2, "0");
}

function decode(byte: number): number {
  const srgb = byte / 255;
  return srgb <= 0.04045 ? srgb / 12.92 : ((srgb + 0.055) / 1.055) ** 2.4;
}

/** `#rrggbb` of a linear color; opacity has no place in it. */
export function toHex([red, green, blue]: Rgba): string {
  return `#${encode(red)}${encode(green)}${encode(blue)}`;
}

/** The linear color of `#rrggbb`. */
export function fromHex(hex: string, opacity = 1): Rgba {
  const bits = Number.parseInt(hex.slice(1), 16);
  return [decode((bits >> 16) & 255), decode((bits >> 8) & 255), decode(bits & 255), opacity];
}
