import shader from "../shaders/multiplyAdd.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

/** Every element goes through four multiply-adds a round. */
export type MultiplyAddParameters = { length: number; rounds: number };

/** Elements that one invocation works on: enough chains to hide a multiply-add's latency. */
const chains = 16;
const factor = 0.75;
const summand = 0.5;

/**
 * x = x · 0.75 + 0.5, again and again: nothing but arithmetic in registers. Its rate at many rounds is the most that an
 * adapter computes. The iteration contracts towards 2, so that roundings do not add up.
 */
export const multiplyAdd: Kernel<MultiplyAddParameters> = {
  name: "multiplyAdd",
  bindings: ({ length }) => [{ name: "x", access: "readWrite", shape: [length] }],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ length, rounds }) => ({
        VECTORS: divideUp(length, 4),
        ROUNDS: rounds,
        FACTOR: factor,
        SUMMAND: summand,
        WORKGROUP: 64,
      }),
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, chains * 64)),
    },
  ],
  flops: ({ length, rounds }) => 2 * 4 * length * rounds,
  reference({ rounds }, { x }) {
    for (let i = 0; i < x.length; i++)
      for (let step = 0; step < 4 * rounds; step++) x[i] = x[i] * factor + summand;
  },
  cases: [
    { length: 1, rounds: 1 },
    { length: 1021, rounds: 2 },
    { length: 4096, rounds: 3 },
  ],
};
