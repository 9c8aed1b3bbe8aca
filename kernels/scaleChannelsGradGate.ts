import plain from "../shaders/scaleChannelsGradGate.plain.wgsl";
import tree from "../shaders/scaleChannelsGradGate.wgsl";
import { type PlaneParameters, planeCases, planeConstants } from "./globalAveragePool.ts";
import { type Kernel, linearWorkgroups } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

/** Gradient of scaleChannels with respect to the gate: the sum of dy·x over each plane. */
export const scaleChannelsGradGate: Kernel<PlaneParameters> = {
  name: "scaleChannelsGradGate",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.planes, p.pixels] },
    { name: "dy", access: "read", shape: [p.planes, p.pixels] },
    { name: "dgate", access: "write", shape: [p.planes] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants: planeConstants,
      workgroups: (p) => linearWorkgroups(p.planes),
      barriers: true,
    },
    serialVariant(plain, planeConstants, (p) => p.planes),
  ],
  flops: (p) => 2 * p.planes * p.pixels,
  reference(p, { x, dy, dgate }) {
    dgate.fill(0);
    for (let i = 0; i < x.length; i++) dgate[Math.floor(i / p.pixels)] += x[i] * dy[i];
  },
  cases: planeCases,
};
