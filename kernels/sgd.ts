import shader from "../shaders/sgd.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import type { Binding, Kernel } from "./kernel.ts";

export type SgdParameters = {
  length: number;
  momentum: number;
  weightDecay: number;
  /** Global norm that gradients are scaled down to; 0: never. */
  clipNorm: number;
};

/** What an optimiser reads: gradients, where weight decay applies, the gradients' squared norm, this step's rates. */
export function optimizerInputs(length: number, rates: number): Binding[] {
  return [
    { name: "gradients", access: "read", shape: [length] },
    { name: "decay", access: "read", shape: [length] },
    { name: "squaredNorm", access: "read", shape: [1] },
    { name: "schedule", access: "read", shape: [rates] },
  ];
}

/** PyTorch's clip_grad_norm_. */
export function clipFactor(clipNorm: number, squaredNorm: number): number {
  return clipNorm > 0 ? Math.min(1, clipNorm / (Math.sqrt(squaredNorm) + 1e-6)) : 1;
}

/** One step of SGD with momentum over a flat array, in place. */
export const sgd: Kernel<SgdParameters> = {
  name: "sgd",
  bindings: ({ length }) => [
    ...optimizerInputs(length, 1),
    { name: "values", access: "readWrite", shape: [length] },
    { name: "momentum", access: "readWrite", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: (p, tuning) => ({
        ...elementwiseConstants(p.length, tuning),
        MOMENTUM: p.momentum,
        WEIGHT_DECAY: p.weightDecay,
        CLIP_NORM: p.clipNorm,
      }),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 8 * length,
  reference(p, { gradients, decay, squaredNorm, schedule, values, momentum }) {
    const clip = clipFactor(p.clipNorm, squaredNorm[0]);
    for (let i = 0; i < p.length; i++) {
      momentum[i] = p.momentum * momentum[i] + clip * gradients[i] + p.weightDecay * decay[i] * values[i];
      values[i] -= schedule[0] * momentum[i];
    }
  },
  cases: [
    { length: 1, momentum: 0, weightDecay: 0, clipNorm: 0 },
    { length: 261, momentum: 0.9, weightDecay: 0.01, clipNorm: 0.5 },
  ],
  testInputs: () => ({ squaredNorm: Float64Array.of(2), schedule: Float64Array.of(0.125) }),
};
