import shader from "../shaders/globalAveragePoolGrad.wgsl";
import { type PlaneParameters, planeCases } from "./globalAveragePool.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Gradient of globalAveragePool: dy [planes] spread evenly → [planes, pixels]. */
export const globalAveragePoolGrad: Kernel<PlaneParameters> = {
  name: "globalAveragePoolGrad",
  bindings: (p) => [
    { name: "dy", access: "read", shape: [p.planes] },
    { name: "dx", access: "write", shape: [p.planes, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({ PIXELS: p.pixels, LENGTH: p.planes * p.pixels, WORKGROUP: 64 }),
      workgroups: (p) => linearWorkgroups(divideUp(p.planes * p.pixels, 64)),
    },
  ],
  flops: (p) => p.planes * p.pixels,
  reference(p, { dy, dx }) {
    for (let i = 0; i < dx.length; i++) dx[i] = dy[Math.floor(i / p.pixels)] / p.pixels;
  },
  cases: planeCases,
};
