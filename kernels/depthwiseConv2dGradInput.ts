import plain from "../shaders/depthwiseConv2dGradInput.plain.wgsl";
import stride2 from "../shaders/depthwiseConv2dGradInput.wgsl";
import {
  type DepthwiseConv2dParameters,
  depthwiseCases,
  depthwiseConstants,
  depthwiseFlops,
  depthwiseShapes,
  depthwiseStripVariant,
  stride2Constants,
  stripRows,
  stripWorkgroups,
  supportsStride2,
} from "./depthwiseConv2d.ts";
import { forEachTap } from "./geometry.ts";
import { divideUp, type Kernel } from "./kernel.ts";

/** Gradient of depthwiseConv2d with respect to x. */
export const depthwiseConv2dGradInput: Kernel<DepthwiseConv2dParameters> = {
  name: "depthwiseConv2dGradInput",
  bindings(p) {
    const shapes = depthwiseShapes(p);
    return [
      { name: "dy", access: "read", shape: shapes.y },
      { name: "weight", access: "read", shape: shapes.weight },
      { name: "dx", access: "write", shape: shapes.x },
    ];
  },
  variants: [
    depthwiseStripVariant(true),
    {
      name: "stride2",
      shader: stride2,
      constants: (p) => stride2Constants(p, stripRows(divideUp(p.height, 2))),
      workgroups: (p) => stripWorkgroups(p, p, { rows: 2 * stripRows(divideUp(p.height, 2)), width: 8 }),
      supports: supportsStride2,
    },
    {
      name: "plain",
      shader: plain,
      constants: depthwiseConstants,
      workgroups: (p) => [divideUp(p.height * p.width, 64), p.channels, p.batch],
    },
  ],
  flops: depthwiseFlops,
  reference(p, { weight, dy, dx }) {
    dx.fill(0);
    for (let plane = 0; plane < p.batch * p.channels; plane++) {
      const taps = weight.subarray((plane % p.channels) * p.kernel ** 2);
      const source = dy.subarray(plane * p.outHeight * p.outWidth);
      const target = dx.subarray(plane * p.height * p.width);
      forEachTap(p, (output, input, tap) => {
        target[input] += taps[tap] * source[output];
      });
    }
  },
  cases: depthwiseCases,
};
