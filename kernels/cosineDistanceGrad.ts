import shader from "../shaders/cosineDistanceGrad.wgsl";
import { type CosineDistanceParameters, cosineAt, cosineCases, cosineConstants } from "./cosineDistance.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Gradient of cosineDistance with respect to a. */
export const cosineDistanceGrad: Kernel<CosineDistanceParameters> = {
  name: "cosineDistanceGrad",
  bindings: (p) => [
    { name: "a", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "b", access: "read", shape: [p.batch, p.channels, p.pixels] },
    { name: "upstream", access: "read", shape: [p.groups] },
    { name: "da", access: "write", shape: [p.batch, p.channels, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: cosineConstants,
      workgroups: (p) => linearWorkgroups(divideUp(p.batch * p.pixels, 64)),
    },
  ],
  flops: (p) => 11 * p.batch * p.channels * p.pixels,
  reference(p, { a, b, upstream, da }) {
    const locations = p.batch * p.pixels;
    for (let i = 0; i < locations; i++) {
      const { start, normA, normB, cosine } = cosineAt(p, a, b, i);
      for (let c = 0; c < p.channels; c++) {
        const k = start + c * p.pixels;
        const slope = (cosine * a[k]) / normA ** 2 - b[k] / (normA * normB);
        da[k] = (upstream[Math.floor(i / p.chunk)] / locations) * slope;
      }
    }
  },
  cases: cosineCases,
};
