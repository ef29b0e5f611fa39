// What makes selected cells stand out: a tint, a bright edge with a glow, and a dark one around it. Together they are
// seen on any picture, and so is what is thin, of which the ids have but some pixels.

/** Colors of a pixel as canvases keep them on machines of any browser: red in the lowest byte. */
const TINT = 0x4d_ff_f2_5c;
const EDGE = 0xff_ff_f2_5c;
const GLOW = 0x80_ff_f2_5c;
const AROUND = 0x8c_00_00_00;

/**
 * The pixels (RGBA) of a layer over the picture.
 *
 * `mask` has 1 where a selected cell is seen, else 0. Edges, glow and what is around it are `wide` pixels wide.
 */
export function paintHighlight(
  mask: Uint8Array,
  width: number,
  height: number,
  wide: number,
): Uint32Array<ArrayBuffer> {
  const pixels = new Uint32Array(width * height);
  // What spreads from one row must not reach the next one.
  const stride = (width + 4 * wide + 3) >> 2;
  const inside = new Uint32Array(stride * (height + 2));
  const outside = new Uint32Array(inside.length);
  const [ones, zeros] = [bytesOf(inside), bytesOf(outside)];
  for (let row = 0; row < height; row += 1) {
    const start = 4 * stride * (row + 1);
    ones.set(mask.subarray(row * width, (row + 1) * width), start);
    for (let column = 0; column < width; column += 1) {
      zeros[start + column] = 1 - (ones[start + column] as number);
    }
  }
  const edge = bytesOf(spread(outside, stride, wide));
  const bright = spread(inside, stride, wide);
  const [glow, around] = [bytesOf(bright), bytesOf(spread(bright, stride, wide))];
  for (let row = 0; row < height; row += 1) {
    const [first, start] = [row * width, 4 * stride * (row + 1)];
    for (let column = 0; column < width; column += 1) {
      const at = start + column;
      if (ones[at] === 1) {
        pixels[first + column] = edge[at] === 1 ? EDGE : TINT;
      } else if (around[at] === 1) {
        pixels[first + column] = glow[at] === 1 ? GLOW : AROUND;
      }
    }
  }
  return pixels;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer);
}

/** Sets what is next to bytes that are set, several times. A byte is a pixel, and four of them, a word, go at once. */
function spread(from: Uint32Array, stride: number, times: number): Uint32Array {
  const to = new Uint32Array(from.length);
  const end = from.length - stride;
  let [before, word] = [0, from[stride] as number];
  for (let at = stride; at < end; at += 1) {
    const after = from[at + 1] as number;
    const across = word | (word << 8) | (word >>> 8) | (before >>> 24) | (after << 24);
    to[at] = across | (from[at - stride] as number) | (from[at + stride] as number);
    before = word;
    word = after;
  }
  return times > 1 ? spread(to, stride, times - 1) : to;
}
