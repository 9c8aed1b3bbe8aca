import shader from "../shaders/focalLossGrad.wgsl";
import {
  type FocalLossParameters,
  focalCases,
  focalChannels,
  focalConstants,
  focalElement,
  focalInputs,
  focalLength,
  focalTestInputs,
} from "./focalLoss.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Gradient of focalLoss with respect to the logits. */
export const focalLossGrad: Kernel<FocalLossParameters> = {
  name: "focalLossGrad",
  bindings: (p) => [
    ...focalInputs(p),
    { name: "upstream", access: "read", shape: [p.groups] },
    { name: "dlogits", access: "write", shape: [p.batch, focalChannels(p), p.pixels] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: focalConstants,
      workgroups: (p) => linearWorkgroups(divideUp(focalLength(p), 64)),
    },
  ],
  flops: (p) => 25 * focalLength(p),
  reference(p, { logits, classTargets, normalizer, upstream, dlogits }) {
    for (let i = 0; i < logits.length; i++) {
      const { slope } = focalElement(p, logits, classTargets, i);
      dlogits[i] = (upstream[Math.floor(i / p.chunk)] * slope) / normalizer[0];
    }
  },
  cases: focalCases,
  testInputs: focalTestInputs,
  tolerance: { absolute: 1e-5, relative: 2e-5, reason: "exp of −1.5·100 keeps |x| ulps of its argument" },
};
