import shader from "../shaders/gatedSumGrad.wgsl";
import { wideInput } from "./activation.ts";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { sigmoid } from "./functions.ts";
import { type GatedSumParameters, gatedSumCases } from "./gatedSum.ts";
import type { Kernel } from "./kernel.ts";

/** Gradients of gatedSum with respect to all three of its inputs. */
export const gatedSumGrad: Kernel<GatedSumParameters> = {
  name: "gatedSumGrad",
  bindings: ({ length }) => [
    { name: "a", access: "read", shape: [length] },
    { name: "b", access: "read", shape: [length] },
    { name: "gate", access: "read", shape: [length] },
    { name: "dy", access: "read", shape: [length] },
    { name: "da", access: "write", shape: [length] },
    { name: "db", access: "write", shape: [length] },
    { name: "dgate", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: ({ length }, tuning) => elementwiseConstants(length, tuning),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 11 * length,
  reference(_, { a, b, gate, dy, da, db, dgate }) {
    for (let i = 0; i < dy.length; i++) {
      const s = sigmoid(gate[i]);
      da[i] = s * dy[i];
      db[i] = (1 - s) * dy[i];
      dgate[i] = dy[i] * (a[i] - b[i]) * s * (1 - s);
    }
  },
  cases: gatedSumCases,
  testInputs: ({ length }, uniform) => ({ gate: wideInput(length, uniform) }),
};
