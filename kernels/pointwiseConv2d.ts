import bare from "../shaders/pointwiseConv2d.bare.wgsl";
import plain from "../shaders/pointwiseConv2d.plain.wgsl";
import shared from "../shaders/pointwiseConv2d.shared.wgsl";
import subgroup from "../shaders/pointwiseConv2d.subgroup.wgsl";
import tiled from "../shaders/pointwiseConv2d.tiled.wgsl";
import tile from "../shaders/pointwiseConv2d.wgsl";
import {
  divideUp,
  type Kernel,
  linearWorkgroups,
  type Tuning,
  type Variant,
  type Workgroups,
} from "./kernel.ts";

export type PointwiseConv2dParameters = {
  batch: number;
  /** Channels of x. */
  inputs: number;
  /** Channels of y. */
  outputs: number;
  pixels: number;
  /** Whether the weight is stored as [inputs, outputs]. */
  transposed: boolean;
};

const constants = (p: PointwiseConv2dParameters, { WORKGROUP }: Tuning): Record<string, number> => ({
  BATCH: p.batch,
  IN: p.inputs,
  OUT: p.outputs,
  PIXELS: p.pixels,
  TRANSPOSED: Number(p.transposed),
  WORKGROUP,
});

/** All but the plain variant load four neighbouring pixels and four neighbouring weights at a time. */
const supportsQuads = (p: PointwiseConv2dParameters): boolean =>
  p.pixels % 4 === 0 && (p.transposed ? p.outputs : p.inputs) % 4 === 0;

/** Of the variants with subgroups: no more invocations than there are groups of four pixels to share out. */
const subgroupWorkgroup = (p: PointwiseConv2dParameters, { WORKGROUP }: Tuning): number =>
  [8, 16].find((size) => (p.batch * p.pixels) / 4 <= size) ?? WORKGROUP;

function subgroupVariant(wide: boolean, behind: string): Variant<PointwiseConv2dParameters> {
  return {
    name: wide ? "wide" : "subgroup",
    shader: subgroup + tile + behind,
    tunables: { WORKGROUP: [32, 64] },
    constants: (p, tuning) => ({
      ...constants(p, { WORKGROUP: subgroupWorkgroup(p, tuning) }),
      WIDE: Number(wide),
    }),
    workgroups(p, tuning) {
      const spans = divideUp((p.batch * p.pixels) / 4, subgroupWorkgroup(p, tuning));
      return linearWorkgroups(divideUp(p.outputs, wide ? 16 : 8) * spans);
    },
    supports: (p) => supportsQuads(p) && (!wide || fillsWideTiles(p)),
    subgroups: wide ? 8 : 4,
  };
}

/** Whether less than half a tile of 16 outputs would be idle. */
const fillsWideTiles = ({ outputs }: PointwiseConv2dParameters): boolean =>
  outputs % 16 === 0 || outputs % 16 > 8;

/** Workgroups of the shared variant with so many groups of eight outputs each. */
const sharedTiles = (p: PointwiseConv2dParameters, rows: number): number =>
  divideUp(p.outputs, 8 * rows) * divideUp(p.batch * p.pixels, 128);

/** Two workgroups for each of a large GPU's multiprocessors. */
const enoughTiles = 256;

/** Half the tile where the other half would be idle, or multiprocessors would be. */
const sharedRows = (p: PointwiseConv2dParameters, { ROWS }: Tuning): number =>
  p.outputs <= 32 || sharedTiles(p, 8) < enoughTiles ? 4 : ROWS;

const grid = (invocations: number, { WORKGROUP }: Tuning): Workgroups =>
  linearWorkgroups(divideUp(invocations, WORKGROUP));

const example = (batch: number, inputs: number, outputs: number, pixels: number, transposed = false) => ({
  batch,
  inputs,
  outputs,
  pixels,
  transposed,
});

/** @param behind what the shaders do with their sums. */
export const pointwiseVariants = (behind: string): readonly Variant<PointwiseConv2dParameters>[] => [
  {
    name: "shared",
    shader: shared + tile + behind,
    tunables: { ROWS: [8, 4] },
    constants(p, tuning) {
      const rows = sharedRows(p, tuning);
      return { ...constants(p, { WORKGROUP: 32 * rows }), ROWS: rows };
    },
    workgroups: (p, tuning) => linearWorkgroups(sharedTiles(p, sharedRows(p, tuning))),
    supports: supportsQuads,
    barriers: true,
  },
  subgroupVariant(true, behind),
  subgroupVariant(false, behind),
  {
    name: "tiled",
    shader: tiled + tile + behind,
    tunables: { WORKGROUP: [64, 32, 128] },
    constants,
    workgroups: (p, tuning) => grid(p.batch * divideUp(p.outputs, 8) * (p.pixels / 4), tuning),
    supports: supportsQuads,
  },
  {
    name: "plain",
    shader: plain + behind,
    tunables: { WORKGROUP: [64] },
    constants,
    workgroups: (p, tuning) => grid(p.batch * p.outputs * p.pixels, tuning),
  },
];

/** y = weight · x + bias at every pixel. x [batch,inputs,pixels], weight [outputs,inputs,1,1], bias [outputs]. */
export const pointwiseConv2d: Kernel<PointwiseConv2dParameters> = {
  name: "pointwiseConv2d",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.inputs, p.pixels] },
    { name: "weight", access: "read", shape: p.transposed ? [p.inputs, p.outputs] : [p.outputs, p.inputs] },
    { name: "bias", access: "read", shape: [p.outputs] },
    { name: "y", access: "write", shape: [p.batch, p.outputs, p.pixels] },
  ],
  variants: pointwiseVariants(bare),
  flops: (p) => 2 * p.batch * p.inputs * p.outputs * p.pixels,
  reference(p, { x, weight, bias, y }) {
    for (let sample = 0; sample < p.batch; sample++)
      for (let output = 0; output < p.outputs; output++) {
        const target = y.subarray((sample * p.outputs + output) * p.pixels).subarray(0, p.pixels);
        target.fill(bias[output]);
        for (let input = 0; input < p.inputs; input++) {
          const w = weight[p.transposed ? input * p.outputs + output : output * p.inputs + input];
          const source = (sample * p.inputs + input) * p.pixels;
          for (let pixel = 0; pixel < p.pixels; pixel++) target[pixel] += w * x[source + pixel];
        }
      }
  },
  cases: [
    example(1, 1, 1, 1),
    example(2, 7, 5, 13),
    example(3, 5, 11, 1, true),
    example(2, 8, 12, 20),
    example(2, 8, 12, 20, true),
    example(1, 68, 4, 4 * 67),
    example(2, 4, 4, 4 * 67, true),
    example(1, 13, 17, 61, true),
    example(2, 8, 18, 20),
    example(2, 18, 20, 8, true),
    // Several workgroups a tile of outputs, the last one not full, and a whole tile and a part of one.
    example(3, 12, 20, 148),
    example(3, 12, 20, 148, true),
    // The wide tile, whole and in part.
    example(2, 12, 32, 36),
    example(2, 10, 44, 36, true),
    // Several tiles in workgroup memory, of either size, the last ones not full.
    example(1, 36, 84, 4 * 83),
    example(1, 13, 36, 32_708, true),
    example(2, 12, 72, 8_200),
    // 65,537 workgroups: more than fit in one row.
    example(1, 1, 3, 1_398_107),
  ],
};
