import shader from "../shaders/huberLossGrad.wgsl";
import {
  type HuberLossParameters,
  huberCases,
  huberConstants,
  huberInputs,
  huberLength,
  huberTarget,
  huberTestInputs,
} from "./huberLoss.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Gradient of huberLoss with respect to the codes. */
export const huberLossGrad: Kernel<HuberLossParameters> = {
  name: "huberLossGrad",
  bindings: (p) => [
    ...huberInputs(p),
    { name: "upstream", access: "read", shape: [p.groups] },
    { name: "dcodes", access: "write", shape: [p.batch, 4 * p.perPixel, p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: huberConstants,
      workgroups: (p) => linearWorkgroups(divideUp(huberLength(p), 64)),
    },
  ],
  flops: (p) => 6 * huberLength(p),
  reference(p, { codes, boxTargets, normalizer, upstream, dcodes }) {
    for (let i = 0; i < codes.length; i++) {
      const target = huberTarget(p, boxTargets, i);
      const slope = Math.min(Math.max(codes[i] - target, -p.delta), p.delta) / (4 * normalizer[0]);
      dcodes[i] = target === 0 ? 0 : upstream[Math.floor(i / p.chunk)] * slope;
    }
  },
  cases: huberCases,
  testInputs: huberTestInputs,
};
