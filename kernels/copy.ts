import plain from "../shaders/copy.plain.wgsl";
import lines from "../shaders/copy.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

const constants = ({ length }: { length: number }) => ({ VECTORS: divideUp(length, 4), WORKGROUP: 64 });

/** y = x: nothing but memory traffic. Its time at lengths larger than any cache is an adapter's bandwidth. */
export const copy: Kernel<{ length: number }> = {
  name: "copy",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "lines",
      shader: lines,
      constants,
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, 16 * 64)),
    },
    {
      name: "plain",
      shader: plain,
      constants,
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, 4 * 64)),
    },
  ],
  flops: () => 0,
  reference: (_, { x, y }) => y.set(x),
  cases: [{ length: 1 }, { length: 1021 }, { length: 4096 }],
};
