import shader from "../shaders/denseGrad.wgsl";
import { swishDerivative } from "./functions.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type DenseGradParameters = {
  batch: number;
  inputs: number;
  outputs: number;
  /** What made x of `before`; with `none` x is a function of nothing here, and `before` any vector of its size. */
  inputActivation: "none" | "swish";
};

const workgroup = 64;
const elements = (p: DenseGradParameters): number => p.outputs * p.inputs + p.outputs + p.batch * p.inputs;

/** Gradients of dense with respect to weight, bias and, through the activation that made it, its input. */
export const denseGrad: Kernel<DenseGradParameters> = {
  name: "denseGrad",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.batch, p.inputs] },
    { name: "before", access: "read", shape: [p.batch, p.inputs] },
    { name: "weight", access: "read", shape: [p.outputs, p.inputs] },
    { name: "dz", access: "read", shape: [p.batch, p.outputs] },
    { name: "dweight", access: "write", shape: [p.outputs, p.inputs] },
    { name: "dbias", access: "write", shape: [p.outputs] },
    { name: "dx", access: "write", shape: [p.batch, p.inputs] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: (p) => ({
        BATCH: p.batch,
        IN: p.inputs,
        OUT: p.outputs,
        SWISH: Number(p.inputActivation === "swish"),
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(elements(p), workgroup)),
    },
  ],
  flops: (p) => 4 * p.batch * p.inputs * p.outputs,
  reference(p, { x, before, weight, dz, dweight, dbias, dx }) {
    for (const target of [dweight, dbias, dx]) target.fill(0);
    for (let n = 0; n < p.batch; n++)
      for (let o = 0; o < p.outputs; o++) {
        const upstream = dz[n * p.outputs + o];
        dbias[o] += upstream;
        for (let i = 0; i < p.inputs; i++) {
          dweight[o * p.inputs + i] += upstream * x[n * p.inputs + i];
          dx[n * p.inputs + i] += upstream * weight[o * p.inputs + i];
        }
      }
    if (p.inputActivation === "swish")
      for (let i = 0; i < dx.length; i++) dx[i] *= swishDerivative(before[i]);
  },
  cases: [
    { batch: 1, inputs: 1, outputs: 1, inputActivation: "none" },
    { batch: 3, inputs: 7, outputs: 13, inputActivation: "swish" },
    { batch: 5, inputs: 131, outputs: 11, inputActivation: "none" },
  ],
};
