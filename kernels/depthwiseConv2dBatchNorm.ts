import behind from "../shaders/convolution.batchNorm.wgsl";
import {
  type DepthwiseConv2dParameters,
  depthwiseCases,
  depthwiseConv2d,
  depthwiseFlops,
  depthwiseShapes,
  depthwiseVariants,
} from "./depthwiseConv2d.ts";
import { type Epilogue, epilogueFlops, finishImage, withEpilogue } from "./epilogue.ts";
import type { Kernel } from "./kernel.ts";

export type DepthwiseConv2dBatchNormParameters = DepthwiseConv2dParameters & Epilogue;

/** activation(slope · depthwiseConv2d(x, weight) + offset), norm [channels, 2]: slope and offset. */
export const depthwiseConv2dBatchNorm: Kernel<DepthwiseConv2dBatchNormParameters> = {
  name: "depthwiseConv2dBatchNorm",
  bindings(p) {
    const shapes = depthwiseShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "y", access: "write", shape: shapes.y },
      { name: "norm", access: "read", shape: [p.channels, 2] },
    ];
  },
  variants: withEpilogue(depthwiseVariants(behind)),
  flops: (p) => depthwiseFlops(p) + epilogueFlops(p) * p.batch * p.channels * p.outHeight * p.outWidth,
  reference(p, buffers) {
    depthwiseConv2d.reference(p, buffers);
    finishImage(p, buffers.y, buffers.norm, p.outHeight * p.outWidth);
  },
  cases: depthwiseCases.map((p, index) => ({ ...p, activation: index % 2 === 0 ? "swish" : "none" })),
};
