// The outline of a stroke, over the picture.
import { useView } from "../context.js";

const MARKS = { set: "", add: "+", remove: "−" } as const;

export function Stroke() {
  const stroke = useView().picture.strokes.stroke.value;
  const [first] = stroke?.points ?? [];
  if (!stroke || !first) {
    return null;
  }
  const path = `M${stroke.points.map(({ x, y }) => `${x} ${y}`).join("L")}Z`;
  return (
    <svg class="bw-stroke" aria-hidden="true">
      <path class="bw-stroke-under" d={path} />
      <path class="bw-stroke-over" d={path} />
      <text x={first.x} y={first.y} dx={-10} dy={-6}>
        {MARKS[stroke.change]}
      </text>
    </svg>
  );
}
