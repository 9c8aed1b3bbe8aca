import plain from "../shaders/pointwiseConv2dGradWeight.plain.wgsl";
import shared from "../shaders/pointwiseConv2dGradWeight.shared.wgsl";
import subgroup from "../shaders/pointwiseConv2dGradWeight.subgroup.wgsl";
import tiled from "../shaders/pointwiseConv2dGradWeight.tiled.wgsl";
import tile from "../shaders/pointwiseConv2dGradWeight.wgsl";
import { divideUp, type Kernel, type Tuning } from "./kernel.ts";

export type PointwiseConv2dGradWeightParameters = {
  batch: number;
  inputs: number;
  outputs: number;
  pixels: number;
  /** How many partial sums, and elements (sample, pixel) in each. */
  splits: number;
  chunk: number;
};

/** Enough invocations to keep a device busy, few enough that adding up their partial sums costs little. */
const wantedInvocations = 2048;

/** Splits the sum over samples and pixels so that small weights keep a device busy. */
export function splitReduction(batch: number, inputs: number, outputs: number, pixels: number) {
  const tiles = divideUp(inputs, 4) * divideUp(outputs, 8);
  const total = batch * pixels;
  const wanted = Math.max(1, Math.min(Math.floor(wantedInvocations / tiles), divideUp(total, 64)));
  const chunk = 4 * divideUp(total, 4 * wanted);
  return { splits: divideUp(total, chunk), chunk };
}

const constants = (
  p: PointwiseConv2dGradWeightParameters,
  { WORKGROUP }: Tuning,
): Record<string, number> => ({
  IN: p.inputs,
  OUT: p.outputs,
  PIXELS: p.pixels,
  TOTAL: p.batch * p.pixels,
  CHUNK: p.chunk,
  WORKGROUP,
});

/** Which channels the tiles take more of: those that are more. */
const swapped = (p: PointwiseConv2dGradWeightParameters): boolean => p.outputs > p.inputs;

const tileConstants = (p: PointwiseConv2dGradWeightParameters, tuning: Tuning) => ({
  ...constants(p, tuning),
  SWAPPED: Number(swapped(p)),
});

const manyAndFew = (p: PointwiseConv2dGradWeightParameters): readonly [many: number, few: number] =>
  swapped(p) ? [p.outputs, p.inputs] : [p.inputs, p.outputs];

/** All but the plain variant load four neighbouring pixels at a time. */
const supportsQuads = (p: PointwiseConv2dGradWeightParameters): boolean =>
  p.pixels % 4 === 0 && p.chunk % 4 === 0;

const example = (batch: number, inputs: number, outputs: number, pixels: number) => ({
  batch,
  inputs,
  outputs,
  pixels,
  ...splitReduction(batch, inputs, outputs, pixels),
});

/** Partial sums of the weight's gradient. x [batch,inputs,pixels], dy [batch,outputs,pixels]. */
export const pointwiseConv2dGradWeight: Kernel<PointwiseConv2dGradWeightParameters> = {
  name: "pointwiseConv2dGradWeight",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.inputs, p.pixels] },
    { name: "dy", access: "read", shape: [p.batch, p.outputs, p.pixels] },
    { name: "partial", access: "write", shape: [p.splits, p.outputs, p.inputs] },
  ],
  variants: [
    {
      name: "shared",
      shader: shared + tile,
      constants: (p) => tileConstants(p, { WORKGROUP: 256 }),
      workgroups(p) {
        const [many, few] = manyAndFew(p);
        return [divideUp(many, 64), divideUp(few, 32), p.splits];
      },
      supports: supportsQuads,
      barriers: true,
    },
    {
      name: "subgroup",
      shader: subgroup + tile,
      // Small, for a layer has few channels.
      tunables: { WORKGROUP: [8, 16, 32] },
      constants: tileConstants,
      workgroups(p, { WORKGROUP }) {
        const [many, few] = manyAndFew(p);
        return [divideUp(many, 4 * WORKGROUP), divideUp(few, 8), p.splits];
      },
      supports: supportsQuads,
      subgroups: 4,
    },
    {
      name: "tiled",
      shader: tiled + tile,
      tunables: { WORKGROUP: [64, 32, 128] },
      constants: tileConstants,
      workgroups(p, { WORKGROUP }) {
        const [many, few] = manyAndFew(p);
        return [divideUp(divideUp(many, 4) * divideUp(few, 8), WORKGROUP), p.splits, 1];
      },
      supports: supportsQuads,
    },
    {
      name: "plain",
      shader: plain,
      tunables: { WORKGROUP: [64] },
      constants,
      workgroups: (p, { WORKGROUP }) => [divideUp(p.outputs * p.inputs, WORKGROUP), p.splits, 1],
    },
  ],
  flops: (p) => 2 * p.batch * p.inputs * p.outputs * p.pixels,
  reference(p, { x, dy, partial }) {
    partial.fill(0);
    for (let k = 0; k < p.batch * p.pixels; k++) {
      const sample = Math.floor(k / p.pixels);
      const pixel = k % p.pixels;
      const target = Math.floor(k / p.chunk) * p.outputs * p.inputs;
      for (let output = 0; output < p.outputs; output++) {
        const gradient = dy[(sample * p.outputs + output) * p.pixels + pixel];
        for (let input = 0; input < p.inputs; input++)
          partial[target + output * p.inputs + input] +=
            gradient * x[(sample * p.inputs + input) * p.pixels + pixel];
      }
    }
  },
  cases: [
    example(1, 1, 1, 1),
    example(2, 7, 5, 13),
    example(5, 3, 11, 1),
    example(2, 8, 12, 20),
    example(3, 4, 8, 4 * 67),
    example(1, 13, 17, 61),
    example(2, 12, 18, 8),
    // Several tiles in workgroup memory in both directions, the last ones not full; samples of one quad.
    example(3, 67, 130, 4 * 37),
    example(2, 150, 41, 4 * 29),
    example(37, 9, 10, 4),
  ],
};
