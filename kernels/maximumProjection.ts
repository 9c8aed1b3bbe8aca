import shader from "../shaders/maximumProjection.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type MaximumProjectionParameters = {
  pixels: number;
  slices: number;
  /** 0: there are none. */
  coarseSlices: number;
  /** Factor on the maximum. */
  detail: number;
};

const workgroup = 64;

/** Mean of coarse slices [coarseSlices, pixels] + detail · maximum of fine ones [slices, pixels] over the slices → [pixels]. */
export const maximumProjection: Kernel<MaximumProjectionParameters> = {
  name: "maximumProjection",
  bindings: (p) => [
    { name: "fine", access: "read", shape: [p.slices, p.pixels] },
    { name: "coarse", access: "read", shape: p.coarseSlices > 0 ? [p.coarseSlices, p.pixels] : [1] },
    { name: "y", access: "write", shape: [p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        PIXELS: p.pixels,
        SLICES: p.slices,
        COARSE_SLICES: p.coarseSlices,
        DETAIL: p.detail,
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.pixels, workgroup)),
    },
  ],
  flops: (p) => (p.slices + p.coarseSlices + 2) * p.pixels,
  reference(p, { fine, coarse, y }) {
    for (let pixel = 0; pixel < p.pixels; pixel++) {
      let [brightest, sum] = [Number.NEGATIVE_INFINITY, 0];
      for (let k = 0; k < p.slices; k++) brightest = Math.max(brightest, fine[k * p.pixels + pixel]);
      for (let k = 0; k < p.coarseSlices; k++) sum += coarse[k * p.pixels + pixel];
      y[pixel] = sum / Math.max(p.coarseSlices, 1) + p.detail * brightest;
    }
  },
  cases: [
    { pixels: 1, slices: 1, coarseSlices: 0, detail: 1 },
    { pixels: 257, slices: 7, coarseSlices: 3, detail: 1.5 },
    { pixels: 61, slices: 13, coarseSlices: 1, detail: 0.5 },
  ],
};
