import shader from "../shaders/squaredDifferenceGrad.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";
import {
  differenceCases,
  differenceConstants,
  type SquaredDifferenceParameters,
} from "./squaredDifference.ts";

/** Gradient of squaredDifference with respect to a. */
export const squaredDifferenceGrad: Kernel<SquaredDifferenceParameters> = {
  name: "squaredDifferenceGrad",
  bindings: (p) => [
    { name: "a", access: "read", shape: [p.length] },
    { name: "b", access: "read", shape: [p.length] },
    { name: "upstream", access: "read", shape: [p.groups] },
    { name: "da", access: "write", shape: [p.length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: differenceConstants,
      workgroups: (p) => linearWorkgroups(divideUp(p.length, 64)),
    },
  ],
  flops: (p) => 3 * p.length,
  reference(p, { a, b, upstream, da }) {
    for (let i = 0; i < p.length; i++)
      da[i] = upstream[Math.floor(i / p.chunk)] * 2 * p.scale * (a[i] - b[i]);
  },
  cases: differenceCases,
};
