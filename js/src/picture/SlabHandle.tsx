// The slab in the picture: outlines of its sides where they cut what is there, and a grip that moves it.
import { useView } from "../context.js";
import { scale } from "./camera.js";
import { Grip, pathThrough } from "./Grip.js";
import { crossSection, middleOf } from "./slab.js";

export function SlabHandle() {
  const { picture } = useView();
  const { slab } = picture;
  const [shown, box, reach] = [slab.shown.value, slab.box, slab.reach.value];
  if (!slab.handled.value || !shown || !box || !reach) {
    return null;
  }
  const { position, normal, thickness } = shown;
  const sides = [-1, 0, 1].map((side) => crossSection(box, normal, position + (side * thickness) / 2));
  return (
    <div class="bw-handles">
      <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {[sides[0], sides[2]].map((corners, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: there are two, in this order
          <path key={index} d={pathThrough(corners ?? [], (corner) => picture.pointOf(corner))} />
        ))}
      </svg>
      <Grip
        label="Position of the slab"
        title="Drag it along its axis, or use the arrows"
        at={middleOf(sides[1]?.length ? sides[1] : [scale(normal, position)])}
        axis={normal}
        value={position}
        reach={reach}
        step={thickness}
        onBegin={() => slab.stop()}
        onMove={(wanted) => slab.move(wanted)}
      />
    </div>
  );
}
