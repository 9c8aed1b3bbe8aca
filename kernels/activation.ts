import shader from "../shaders/activation.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import { sigmoid, swish } from "./functions.ts";
import type { Kernel, Tuning } from "./kernel.ts";

export type ActivationParameters = { length: number; kind: "sigmoid" | "swish" };

export const activationConstants = (
  { length, kind }: ActivationParameters,
  tuning: Tuning,
): Record<string, number> => ({
  ...elementwiseConstants(length, tuning),
  SWISH: Number(kind === "swish"),
});

export const activationCases: readonly ActivationParameters[] = [
  { length: 1, kind: "sigmoid" },
  { length: 257, kind: "sigmoid" },
  { length: 254, kind: "swish" },
];

/** From −100 to 100: the ends must neither overflow nor turn into NaN. */
export function wideInput(length: number, uniform: () => number): Float64Array {
  return Float64Array.from({ length }, (_, i) => [100, -100, 30 * uniform(), uniform()][i % 4]);
}

/** y = sigmoid(x) or swish(x) = x·sigmoid(x). */
export const activation: Kernel<ActivationParameters> = {
  name: "activation",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "y", access: "write", shape: [length] },
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
  flops: ({ length }) => 4 * length,
  reference({ kind }, { x, y }) {
    for (let i = 0; i < x.length; i++) y[i] = kind === "swish" ? swish(x[i]) : sigmoid(x[i]);
  },
  cases: activationCases,
  testInputs: ({ length }, uniform) => ({ x: wideInput(length, uniform) }),
};
