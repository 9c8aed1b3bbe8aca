import shader from "../shaders/fuseGradInput.wgsl";
import shared from "../shaders/fuseSources.wgsl";
import {
  edgeFactors,
  type FuseParameters,
  fuseCases,
  fuseConstants,
  fuseTunables,
  modes,
  sourceOf,
  takenIndex,
  takenShape,
  weightInput,
} from "./fuse.ts";
import { type Binding, divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

const indices = [0, 1, 2] as const;

/** `addend_k`: whether something is added to the gradient with respect to input k. */
export type FuseGradInputParameters = FuseParameters & Record<`addend${(typeof indices)[number]}`, boolean>;

/** @param added of each input, whether something is added to its gradient. */
export const withAddends = (
  p: FuseParameters,
  [addend0 = false, addend1 = false, addend2 = false]: readonly boolean[],
): FuseGradInputParameters => ({ ...p, addend0, addend1, addend2 });

const sources = (p: FuseParameters) => indices.slice(0, p.count).map((index) => sourceOf(p, index));

const inputShape = (p: FuseGradInputParameters, index: number): number[] => {
  const { height, width } = sourceOf(p, index);
  return [p.planes, height, width];
};

/** Rows and columns of a plane's places: outputs, or as many more as a pool's blocks of 2x2 from its padding's corner. */
function placesOf(p: FuseGradInputParameters): { rows: number; columns: number } {
  const pools = sources(p).filter(({ mode }) => mode === modes.maxPool);
  return {
    rows: Math.max(p.height, ...pools.map(({ height, padTop }) => divideUp(padTop + height, 2))),
    columns: Math.max(p.width, ...pools.map(({ width, padLeft }) => divideUp(padLeft + width, 2))),
  };
}

/** Rows and columns of a plane's blocks: the pixels of an input that is upsampled, else the places. */
function blocksOf(p: FuseGradInputParameters): { rows: number; columns: number } {
  const upsampled = sources(p).find(({ mode }) => mode === modes.upsample);
  return upsampled ? { rows: upsampled.height, columns: upsampled.width } : placesOf(p);
}

/** Gradients of fuse with respect to its inputs, from fuseGradSum's dz and taken, and what is to be added to each. */
export const fuseGradInput: Kernel<FuseGradInputParameters> = {
  name: "fuseGradInput",
  bindings: (p) => [
    { name: "weights", access: "read", shape: [p.count] },
    { name: "dz", access: "read", shape: [p.planes, p.height, p.width] },
    { name: "taken", access: "read", shape: takenShape(p), dtype: "u32" },
    ...indices.map(
      (index): Binding => ({
        name: `addend${index}`,
        access: "read",
        shape: p[`addend${index}`] ? inputShape(p, index) : [1],
      }),
    ),
    ...indices.map(
      (index): Binding => ({
        name: `dx${index}`,
        access: "write",
        shape: index < p.count ? inputShape(p, index) : [1],
      }),
    ),
  ],
  variants: [
    {
      name: "plain",
      shader: shared + shader,
      tunables: fuseTunables,
      constants(p, { RUN }) {
        const { SWISH, ...constants } = fuseConstants(p);
        const [places, blocks] = [placesOf(p), blocksOf(p)];
        return {
          ...constants,
          ...Object.fromEntries(indices.map((index) => [`ADDEND${index}`, Number(p[`addend${index}`])])),
          UPSAMPLES: Number(sources(p).some(({ mode }) => mode === modes.upsample)),
          ROWS: places.rows,
          COLUMNS: places.columns,
          BLOCK_ROWS: blocks.rows,
          BLOCK_COLUMNS: blocks.columns,
          RUN,
        };
      },
      workgroups(p, { RUN }) {
        const { rows, columns } = blocksOf(p);
        return linearWorkgroups(divideUp(p.planes * rows * columns, 64 * RUN));
      },
    },
  ],
  flops: (p) => 2 * p.count * p.planes * p.height * p.width,
  reference(p, buffers) {
    const { weights, dz, taken } = buffers;
    const factors = edgeFactors(p, weights);
    for (const index of indices) {
      const dx = buffers[`dx${index}`];
      const source = sourceOf(p, index);
      if (p[`addend${index}`]) dx.set(buffers[`addend${index}`]);
      else dx.fill(0);
      if (index >= p.count) continue;
      const tap = (i: number) => (source.mode === modes.maxPool ? (taken[i] >> (4 * index)) & 15 : 0);
      for (let i = 0; i < dz.length; i++) dx[takenIndex(p, source, i, tap(i))] += factors[index] * dz[i];
    }
  },
  cases: fuseCases.flatMap((p) => [
    withAddends(p, [true, false, p.count > 2]),
    withAddends(p, [false, p.count > 1, false]),
  ]),
  /** Of every window some tap that lies inside. */
  testInputs(p, uniform) {
    const [planes, ...size] = takenShape(p);
    const length = size.reduce((product, extent) => product * extent, planes);
    const tapOf = (index: number, output: number): number => {
      const source = sourceOf(p, index);
      if (source.mode !== modes.maxPool) return 0;
      const tap = Math.floor(4.5 * (1 + Math.max(-0.999, Math.min(uniform(), 0.999))));
      return takenIndex(p, source, output, tap) >= 0 ? tap : tapOf(index, output);
    };
    const taken = Float64Array.from({ length }, (_, output) =>
      indices.reduce<number>((bits, index) => bits | (tapOf(index, output) << (4 * index)), 0),
    );
    return { ...weightInput(p), taken };
  },
};
