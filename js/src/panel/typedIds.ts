// Ids of cells, as people type them: "3, 10-20".

/** Ids that the form sends; a file of them is for Python. */
const MOST = 100_000;

/** The ids in ascending order, or what is wrong with the text; no ids without any text. */
export function idsOf(text: string): readonly number[] | string {
  const found = new Set<number>();
  for (const part of text.split(/[\s,;]+/).filter(Boolean)) {
    const [, first, last = first] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(part) ?? [];
    const [low, high] = [Number(first), Number(last)];
    if (first === undefined || high < low) {
      return `“${part}” is neither an id nor a range of ids, such as 10-20.`;
    }
    if (found.size + high - low >= MOST) {
      return `These are more than ${MOST} ids; choose cells by node sets or conditions.`;
    }
    for (let id = low; id <= high; id += 1) {
      found.add(id);
    }
  }
  return [...found].sort((a, b) => a - b);
}
