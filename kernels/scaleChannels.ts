import shader from "../shaders/scaleChannels.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { type PlaneParameters, planeCases } from "./globalAveragePool.ts";
import type { Kernel } from "./kernel.ts";

/** y = x [planes, pixels] times gate [planes]; also its own gradient with respect to x. */
export const scaleChannels: Kernel<PlaneParameters> = {
  name: "scaleChannels",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.planes, p.pixels] },
    { name: "gate", access: "read", shape: [p.planes] },
    { name: "y", access: "write", shape: [p.planes, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: (p, tuning) => ({ PIXELS: p.pixels, ...elementwiseConstants(p.planes * p.pixels, tuning) }),
      workgroups: (p, tuning) => elementwiseWorkgroups(p.planes * p.pixels, tuning),
    },
  ],
  flops: (p) => p.planes * p.pixels,
  reference(p, { x, gate, y }) {
    for (let i = 0; i < x.length; i++) y[i] = x[i] * gate[Math.floor(i / p.pixels)];
  },
  cases: planeCases,
};
