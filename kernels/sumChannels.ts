import plain from "../shaders/sumChannels.plain.wgsl";
import tree from "../shaders/sumChannels.wgsl";
import type { Kernel } from "./kernel.ts";
import { serialVariant } from "./serial.ts";

export type SumChannelsParameters = { batch: number; channels: number; pixels: number };

const constants = (p: SumChannelsParameters): Record<string, number> => ({
  BATCH: p.batch,
  CHANNELS: p.channels,
  PIXELS: p.pixels,
  WORKGROUP: 64,
});

/** Sum of x [batch,channels,pixels] over samples and pixels. */
export const sumChannels: Kernel<SumChannelsParameters> = {
  name: "sumChannels",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "y", access: "write", shape: [p.channels] },
  ],
  variants: [
    {
      name: "tree",
      shader: tree,
      constants,
      workgroups: (p) => [p.channels, 1, 1],
      barriers: true,
    },
    serialVariant(plain, constants, (p) => p.channels),
  ],
  flops: (p) => p.batch * p.channels * p.pixels,
  reference(p, { x, y }) {
    y.fill(0);
    for (let i = 0; i < x.length; i++) y[Math.floor(i / p.pixels) % p.channels] += x[i];
  },
  cases: [
    { batch: 1, channels: 1, pixels: 1 },
    { batch: 3, channels: 7, pixels: 13 },
    { batch: 2, channels: 3, pixels: 211 },
    { batch: 3, channels: 11, pixels: 4099 },
  ],
};
