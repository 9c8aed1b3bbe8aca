import shader from "../shaders/activationGrad.wgsl";
import { type ActivationParameters, activationCases, activationConstants, wideInput } from "./activation.ts";
import { elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { sigmoid, swishDerivative } from "./functions.ts";
import type { Kernel } from "./kernel.ts";

/** Gradient of activation with respect to x. */
export const activationGrad: Kernel<ActivationParameters> = {
  name: "activationGrad",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "dy", access: "read", shape: [length] },
    { name: "dx", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: activationConstants,
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 8 * length,
  reference({ kind }, { x, dy, dx }) {
    for (let i = 0; i < x.length; i++) {
      const s = sigmoid(x[i]);
      dx[i] = dy[i] * (kind === "swish" ? swishDerivative(x[i]) : s * (1 - s));
    }
  },
  cases: activationCases,
  testInputs: ({ length }, uniform) => ({ x: wideInput(length, uniform) }),
};
