import behind from "../shaders/convolution.batchNorm.wgsl";
import {
  type Conv2dParameters,
  conv2d,
  conv2dCases,
  conv2dFlops,
  conv2dShapes,
  conv2dVariants,
} from "./conv2d.ts";
import { type Epilogue, epilogueFlops, finishImage, withEpilogue } from "./epilogue.ts";
import type { Kernel } from "./kernel.ts";

export type Conv2dBatchNormParameters = Conv2dParameters & Epilogue;

/** activation(slope · conv2d(x, weight) + offset), norm [filters, 2]: slope and offset. */
export const conv2dBatchNorm: Kernel<Conv2dBatchNormParameters> = {
  name: "conv2dBatchNorm",
  bindings(p) {
    const shapes = conv2dShapes(p);
    return [
      { name: "x", access: "read", shape: shapes.x },
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "y", access: "write", shape: shapes.y },
      { name: "norm", access: "read", shape: [p.filters, 2] },
    ];
  },
  variants: withEpilogue(conv2dVariants(behind)),
  flops: (p) => conv2dFlops(p) + epilogueFlops(p) * p.batch * p.filters * p.outHeight * p.outWidth,
  reference(p, buffers) {
    conv2d.reference(p, buffers);
    finishImage(p, buffers.y, buffers.norm, p.outHeight * p.outWidth);
  },
  cases: conv2dCases.map((p, index) => ({ ...p, activation: index % 2 === 0 ? "swish" : "none" })),
};
