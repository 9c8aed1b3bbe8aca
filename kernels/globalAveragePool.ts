import body from "../shaders/globalAveragePool.wgsl";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type GlobalAveragePoolParameters = { planes: number; pixels: number };

/** Mean of every plane: x [planes, pixels] → [planes]. */
export const globalAveragePool: Kernel<GlobalAveragePoolParameters> = {
  name: "globalAveragePool",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.planes, p.pixels] },
    { name: "y", access: "write", shape: [p.planes] },
  ],
  variants: laneVariants(
    body,
    (p) => ({ PLANES: p.planes, PIXELS: p.pixels }),
    (p) => p.planes,
    (p) => p.pixels,
  ),
  flops: (p) => p.planes * p.pixels,
  reference(p, { x, y }) {
    y.fill(0);
    for (let i = 0; i < x.length; i++) y[Math.floor(i / p.pixels)] += x[i] / p.pixels;
  },
  cases: [
    { planes: 1, pixels: 1 },
    { planes: 7, pixels: 13 },
    { planes: 5, pixels: 4099 },
    { planes: 3, pixels: 1028 },
    // More workgroups than fit in one row.
    { planes: 65_537, pixels: 3 },
  ],
};
