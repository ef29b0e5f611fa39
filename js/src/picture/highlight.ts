// What makes selected cells stand out: a tint, a bright edge within them, and a dark one around it.
// With both edges they are seen on any picture.

/** Colors of a pixel as canvases keep them on machines of any browser: red in the lowest byte. */
const TINT = 0x4d_4d_e6_ff;
const EDGE = 0xff_66_f0_ff;
const AROUND = 0xb3_00_00_00;

/**
 * The pixels (RGBA) of a layer over the picture.
 *
 * `mask` has 1 where a selected cell is seen; edges are `wide` pixels wide. The picture's own border makes none.
 */
export function paintHighlight(
  mask: Uint8Array,
  width: number,
  height: number,
  wide: number,
): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(width * height);
  const across = sumAcross(mask, width, height, wide);
  const whole = (2 * wide + 1) ** 2;
  const rowAt = (y: number) => Math.min(Math.max(y, 0), height - 1) * width;
  // The number of selected pixels in the square around each pixel of a row.
  const sums = new Uint16Array(width);
  for (let y = -wide; y <= wide; y += 1) {
    const row = rowAt(y);
    for (let x = 0; x < width; x += 1) {
      sums[x] = (sums[x] as number) + (across[row + x] as number);
    }
  }
  for (let y = 0; y < height; y += 1) {
    const [row, next, last] = [y * width, rowAt(y + wide + 1), rowAt(y - wide)];
    for (let x = 0; x < width; x += 1) {
      const sum = sums[x] as number;
      if (sum !== 0) {
        pixels[row + x] = mask[row + x] === 0 ? AROUND : sum === whole ? TINT : EDGE;
      }
      sums[x] = sum + (across[next + x] as number) - (across[last + x] as number);
    }
  }
  return pixels;
}

/** The number of selected pixels at most `wide` pixels to the left or right of each; the border goes on outside. */
function sumAcross(mask: Uint8Array, width: number, height: number, wide: number): Uint8Array {
  const sums = new Uint8Array(mask.length);
  // A row with what goes on on both sides of it.
  const line = new Uint8Array(width + 2 * wide + 1);
  for (let row = 0; row < width * height; row += width) {
    line.fill(mask[row] as number, 0, wide);
    line.set(mask.subarray(row, row + width), wide);
    line.fill(mask[row + width - 1] as number, wide + width);
    let sum = 0;
    for (let x = 0; x < 2 * wide + 1; x += 1) {
      sum += line[x] as number;
    }
    for (let x = 0; x < width; x += 1) {
      sums[row + x] = sum;
      sum += (line[x + 2 * wide + 1] as number) - (line[x] as number);
    }
  }
  return sums;
}
