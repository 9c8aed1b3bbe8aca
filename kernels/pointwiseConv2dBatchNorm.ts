import behind from "../shaders/pointwiseConv2d.batchNorm.wgsl";
import { type Epilogue, epilogueFlops, finish, withEpilogue } from "./epilogue.ts";
import type { Kernel } from "./kernel.ts";
import { type PointwiseConv2dParameters, pointwiseConv2d, pointwiseVariants } from "./pointwiseConv2d.ts";
import { type Segmented, segmentConstants, segmentEnds, segmentOf } from "./segments.ts";

export type PointwiseConv2dBatchNormParameters = PointwiseConv2dParameters &
  Epilogue &
  Segmented & {
    /** Whether every plane of x is multiplied by a gate first. */
    gated: boolean;
    /** Whether a tensor like y is added at the end. */
    residual: boolean;
  };

/**
 * Whether no four pixels that a body takes at a time lie in two runs. So it is with the levels of an image whose sides the
 * highest level divides: all levels below have even sides.
 */
export const hasWholeQuads = (p: Segmented): boolean =>
  segmentEnds(p)
    .slice(0, -1)
    .every((end) => end % 4 === 0);

const example = (
  [batch, inputs, outputs, pixels]: [number, number, number, number],
  changes: Partial<PointwiseConv2dBatchNormParameters> = {},
): PointwiseConv2dBatchNormParameters => ({
  batch,
  inputs,
  outputs,
  pixels,
  transposed: false,
  activation: "none",
  segments: "",
  gated: false,
  residual: false,
  ...changes,
});

/**
 * activation(slope · pointwiseConv2d(gate · x, weight, bias) + offset) + residual. Runs of pixels have norms of their own,
 * norm [runs, outputs, 2] of slope and offset; the last one's is also that of what fills the planes up after it.
 */
export const pointwiseConv2dBatchNorm: Kernel<PointwiseConv2dBatchNormParameters> = {
  name: "pointwiseConv2dBatchNorm",
  bindings: (p) => [
    ...pointwiseConv2d.bindings(p),
    { name: "norm", access: "read", shape: [segmentEnds(p).length, p.outputs, 2] },
    // Without use, any vector of the outputs' length.
    { name: "gate", access: "read", shape: p.gated ? [p.batch, p.inputs] : [p.outputs] },
    {
      name: "residual",
      access: "read",
      shape: p.residual ? [p.batch, p.outputs, p.pixels] : [p.outputs],
    },
  ],
  variants: withEpilogue<PointwiseConv2dParameters, PointwiseConv2dBatchNormParameters>(
    pointwiseVariants(behind),
    (p) => ({ ...segmentConstants(p), GATED: Number(p.gated), RESIDUAL: Number(p.residual) }),
  ).map((variant) => ({
    ...variant,
    supports: (p) => (variant.name === "plain" || hasWholeQuads(p)) && (variant.supports?.(p) ?? true),
  })),
  flops(p) {
    const each = epilogueFlops(p) + Number(p.residual);
    const gates = Number(p.gated) * p.batch * p.inputs * p.pixels;
    return pointwiseConv2d.flops(p) + each * p.batch * p.outputs * p.pixels + gates;
  },
  reference(p, buffers) {
    const { x, gate, y, norm, residual } = buffers;
    const gated = p.gated ? x.map((value, i) => value * gate[Math.floor(i / p.pixels)]) : x;
    pointwiseConv2d.reference(p, { ...buffers, x: gated });
    const ends = segmentEnds(p);
    for (let i = 0; i < y.length; i++) {
      const run = segmentOf(ends, i % p.pixels);
      const level = run < 0 ? ends.length - 1 : run;
      const channel = level * p.outputs + (Math.floor(i / p.pixels) % p.outputs);
      y[i] = finish(p, y[i], norm, channel) + (p.residual ? residual[i] : 0);
    }
  },
  cases: [
    example([1, 1, 1, 1], { activation: "swish" }),
    example([2, 7, 5, 13], { gated: true, residual: true }),
    example([2, 8, 12, 20], { activation: "swish", gated: true }),
    example([3, 12, 20, 148], { residual: true }),
    example([2, 12, 32, 36], { gated: true, residual: true }),
    example([2, 12, 44, 36], { activation: "swish", residual: true }),
    // Several runs of pixels with and without filling, the last two with quads that lie in two of them.
    example([2, 8, 16, 336], { activation: "swish", segments: "256,320,336" }),
    example([2, 8, 12, 24], { activation: "swish", segments: "12,16,21" }),
    example([2, 8, 18, 24], { segments: "15,21,22" }),
    example([1, 3, 5, 20], { activation: "swish", segments: "7,11,14,16,17,18", gated: true }),
  ],
};
