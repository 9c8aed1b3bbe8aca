import shader from "../shaders/fuseGradInput.wgsl";
import {
  edgeFactors,
  type FuseParameters,
  fuseCases,
  fuseTunables,
  modes,
  sourceOf,
  takenIndex,
  takenShape,
  weightInput,
} from "./fuse.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** `index`: which input the gradient is taken with respect to; `addend`: whether something is added to it. */
export type FuseGradInputParameters = FuseParameters & { index: number; addend: boolean };

const inputShape = (p: FuseGradInputParameters): number[] => {
  const { height, width } = sourceOf(p, p.index);
  return [p.planes, height, width];
};

/** Rows and columns of one plane's places: elements, or a pool's blocks of 2x2 from its padding's corner. */
function places(p: FuseGradInputParameters): { rows: number; columns: number } {
  const { height, width, padTop, padLeft, mode } = sourceOf(p, p.index);
  if (mode !== modes.maxPool) return { rows: height, columns: width };
  return { rows: divideUp(padTop + height, 2), columns: divideUp(padLeft + width, 2) };
}

/** Gradient of fuse with respect to one of its inputs, from fuseGradSum's dz and taken, and what is to be added to it. */
export const fuseGradInput: Kernel<FuseGradInputParameters> = {
  name: "fuseGradInput",
  bindings: (p) => [
    { name: "weights", access: "read", shape: [p.count] },
    { name: "dz", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "taken", access: "read", shape: takenShape(p), dtype: "u32" },
    { name: "addend", access: "read", shape: p.addend ? inputShape(p) : [1] },
    { name: "dx", access: "write", shape: inputShape(p) },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: fuseTunables,
      constants(p, { RUN }) {
        const source = sourceOf(p, p.index);
        const { rows, columns } = places(p);
        return {
          COUNT: p.count,
          INDEX: p.index,
          NORMALIZED: Number(p.normalized),
          ADDEND: Number(p.addend),
          PLANES: p.planes,
          HEIGHT: p.height,
          WIDTH: p.width,
          MODE: source.mode,
          IN_HEIGHT: source.height,
          IN_WIDTH: source.width,
          PAD_TOP: source.padTop,
          PAD_LEFT: source.padLeft,
          ROWS: rows,
          COLUMNS: columns,
          RUN,
          WORKGROUP: 64,
        };
      },
      workgroups(p, { RUN }) {
        const { rows, columns } = places(p);
        return linearWorkgroups(divideUp(p.planes * rows * columns, 64 * RUN));
      },
    },
  ],
  flops: (p) => 2 * p.planes * p.height * p.width,
  reference(p, { weights, dz, taken, addend, dx }) {
    const factor = edgeFactors(p, weights)[p.index];
    const source = sourceOf(p, p.index);
    if (p.addend) dx.set(addend);
    else dx.fill(0);
    const tap = (i: number) => (source.mode === modes.maxPool ? (taken[i] >> (4 * p.index)) & 15 : 0);
    for (let i = 0; i < dz.length; i++) dx[takenIndex(p, source, i, tap(i))] += factor * dz[i];
  },
  cases: fuseCases.flatMap((p) =>
    Array.from({ length: p.count }, (_, index) => ({ ...p, index, addend: (index + p.count) % 2 === 0 })),
  ),
  /** Of every window some tap that lies inside. */
  testInputs(p, uniform) {
    const source = sourceOf(p, p.index);
    const tapOf = (output: number): number => {
      const tap = Math.floor(4.5 * (1 + Math.max(-0.999, Math.min(uniform(), 0.999))));
      return takenIndex(p, source, output, tap) >= 0 ? tap : tapOf(output);
    };
    const [planes, ...size] = takenShape(p);
    const taken = Float64Array.from(
      { length: size.reduce((product, extent) => product * extent, planes) },
      (_, output) => (source.mode === modes.maxPool ? tapOf(output) << (4 * p.index) : 0),
    );
    return { ...weightInput(p), taken };
  },
};
