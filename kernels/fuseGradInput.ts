import shader from "../shaders/fuseGradInput.wgsl";
import { edgeFactors, type FuseParameters, fuseCases, sourceOf, takenIndex, weightInput } from "./fuse.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** `index`: which input the gradient is taken with respect to. */
export type FuseGradInputParameters = FuseParameters & { index: number };

/** Gradient of fuse with respect to one of its inputs, x. */
export const fuseGradInput: Kernel<FuseGradInputParameters> = {
  name: "fuseGradInput",
  bindings(p) {
    const { height, width } = sourceOf(p, p.index);
    return [
      { name: "x", access: "read", shape: [p.planes, height, width] },
      { name: "weights", access: "read", shape: [p.count] },
      { name: "dy", access: "read", shape: [p.planes, p.height, p.width] },
      { name: "dx", access: "write", shape: [p.planes, height, width] },
    ];
  },
  variants: [
    {
      name: "plain",
      shader,
      constants(p) {
        const source = sourceOf(p, p.index);
        return {
          COUNT: p.count,
          INDEX: p.index,
          NORMALIZED: Number(p.normalized),
          PLANES: p.planes,
          HEIGHT: p.height,
          WIDTH: p.width,
          MODE: source.mode,
          IN_HEIGHT: source.height,
          IN_WIDTH: source.width,
          PAD_TOP: source.padTop,
          PAD_LEFT: source.padLeft,
          WORKGROUP: 64,
        };
      },
      workgroups(p) {
        const { height, width } = sourceOf(p, p.index);
        return linearWorkgroups(divideUp(p.planes * height * width, 64));
      },
    },
  ],
  flops: (p) => 2 * p.planes * p.height * p.width,
  reference(p, { x, weights, dy, dx }) {
    const factor = edgeFactors(p, weights)[p.index];
    const source = sourceOf(p, p.index);
    dx.fill(0);
    for (let i = 0; i < dy.length; i++) dx[takenIndex(p, source, x, i)] += factor * dy[i];
  },
  cases: fuseCases.flatMap((p) => Array.from({ length: p.count }, (_, index) => ({ ...p, index }))),
  testInputs: weightInput,
};
