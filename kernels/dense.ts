import body from "../shaders/dense.wgsl";
import { sigmoid, swish } from "./functions.ts";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type DenseParameters = {
  batch: number;
  inputs: number;
  outputs: number;
  activation: "swish" | "sigmoid";
};

/** Fewer inputs than this leave lanes idle, and one invocation takes an output alone. */
const leastShared = 32;

const [workgroup, subgroup, plain] = laneVariants<DenseParameters>(
  body,
  (p) => ({ BATCH: p.batch, IN: p.inputs, OUT: p.outputs, SWISH: Number(p.activation === "swish") }),
  (p) => p.batch * p.outputs,
  (p) => p.inputs,
);
const supports = (p: DenseParameters): boolean => p.inputs >= leastShared;

/** z = weight · x + bias and y = activation(z) for vectors x [batch, inputs] → [batch, outputs]. */
export const dense: Kernel<DenseParameters> = {
  name: "dense",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.inputs] },
    { name: "weight", access: "read", shape: [p.outputs, p.inputs] },
    { name: "bias", access: "read", shape: [p.outputs] },
    { name: "z", access: "write", shape: [p.batch, p.outputs] },
    { name: "y", access: "write", shape: [p.batch, p.outputs] },
  ],
  variants: [{ ...workgroup, supports }, { ...subgroup, supports }, plain],
  flops: (p) => (2 * p.inputs + 5) * p.batch * p.outputs,
  reference(p, { x, weight, bias, z, y }) {
    for (let n = 0; n < p.batch; n++)
      for (let o = 0; o < p.outputs; o++) {
        let sum = bias[o];
        for (let i = 0; i < p.inputs; i++) sum += weight[o * p.inputs + i] * x[n * p.inputs + i];
        z[n * p.outputs + o] = sum;
        y[n * p.outputs + o] = p.activation === "swish" ? swish(sum) : sigmoid(sum);
      }
  },
  cases: [
    { batch: 1, inputs: 1, outputs: 1, activation: "swish" },
    { batch: 3, inputs: 7, outputs: 13, activation: "sigmoid" },
    { batch: 5, inputs: 131, outputs: 11, activation: "swish" },
  ],
};
