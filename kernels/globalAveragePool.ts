import plain from "../shaders/globalAveragePool.plain.wgsl";
import tree from "../shaders/globalAveragePool.wgsl";
import { type Kernel, linearWorkgroups } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

/** Planes of pixels: batch · channels of them. */
export type PlaneParameters = { planes: number; pixels: number };

export const planeConstants = (p: PlaneParameters): Record<string, number> => ({
  PLANES: p.planes,
  PIXELS: p.pixels,
  WORKGROUP: 64,
});

export const planeCases: readonly PlaneParameters[] = [
  { planes: 1, pixels: 1 },
  { planes: 7, pixels: 13 },
  { planes: 6, pixels: 211 },
  { planes: 5, pixels: 36 },
  { planes: 11, pixels: 4099 },
];

/** Mean of every plane of x [planes, pixels] → [planes]. */
export const globalAveragePool: Kernel<PlaneParameters> = {
  name: "globalAveragePool",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.planes, p.pixels] },
    { name: "y", access: "write", shape: [p.planes] },
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
  flops: (p) => p.planes * p.pixels,
  reference(p, { x, y }) {
    y.fill(0);
    for (let i = 0; i < x.length; i++) y[Math.floor(i / p.pixels)] += x[i] / p.pixels;
  },
  cases: [...planeCases, { planes: 65_537, pixels: 3 }],
};
