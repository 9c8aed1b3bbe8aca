import shader from "../shaders/adamw.wgsl";
import { elementwiseConstants, elementwiseTunables, elementwiseWorkgroups } from "./elementwise.ts";
import type { Kernel } from "./kernel.ts";
import { clipFactor, optimizerInputs } from "./sgd.ts";

export type AdamwParameters = {
  length: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  /** Global norm that gradients are scaled down to; 0: never. */
  clipNorm: number;
};

/** One step of AdamW over a flat array, in place. */
export const adamw: Kernel<AdamwParameters> = {
  name: "adamw",
  bindings: ({ length }) => [
    ...optimizerInputs(length, 3),
    { name: "values", access: "readWrite", shape: [length] },
    { name: "momentum", access: "readWrite", shape: [length] },
    { name: "secondMoment", access: "readWrite", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      tunables: elementwiseTunables,
      constants: (p, tuning) => ({
        ...elementwiseConstants(p.length, tuning),
        BETA1: p.beta1,
        BETA2: p.beta2,
        SHARE1: 1 - p.beta1,
        SHARE2: 1 - p.beta2,
        EPSILON: p.epsilon,
        WEIGHT_DECAY: p.weightDecay,
        CLIP_NORM: p.clipNorm,
      }),
      workgroups: ({ length }, tuning) => elementwiseWorkgroups(length, tuning),
    },
  ],
  flops: ({ length }) => 18 * length,
  reference(p, { gradients, decay, squaredNorm, schedule, values, momentum, secondMoment }) {
    const [rate, correction1, correction2] = schedule;
    const clip = clipFactor(p.clipNorm, squaredNorm[0]);
    for (let i = 0; i < p.length; i++) {
      const gradient = clip * gradients[i];
      momentum[i] = p.beta1 * momentum[i] + (1 - p.beta1) * gradient;
      secondMoment[i] = p.beta2 * secondMoment[i] + (1 - p.beta2) * gradient ** 2;
      const step = momentum[i] / correction1 / (Math.sqrt(secondMoment[i] / correction2) + p.epsilon);
      values[i] = values[i] * (1 - rate * p.weightDecay * decay[i]) - rate * step;
    }
  },
  cases: [
    { length: 1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: 0 },
    { length: 261, beta1: 0.9, beta2: 0.99, epsilon: 1e-6, weightDecay: 0.01, clipNorm: 0.5 },
  ],
  testInputs: ({ length }, uniform) => ({
    squaredNorm: Float64Array.of(2),
    schedule: Float64Array.of(0.125, 0.5, 0.25),
    secondMoment: Float64Array.from({ length }, () => Math.abs(uniform())),
  }),
};
