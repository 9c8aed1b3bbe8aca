import quad from "../shaders/filterLines.quad.wgsl";
import run from "../shaders/filterLines.run.wgsl";
import plain from "../shaders/filterLines.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type FilterLinesParameters = {
  outer: number;
  /** Of the axis along which is filtered. */
  length: number;
  inner: number;
  /** Odd. */
  taps: number;
  /** How many kernels there are: outer o has the one of number o % kernels. */
  kernels: number;
  /** Whether the result is what `minuend` has beyond the filtered x. */
  complement: boolean;
};

const workgroup = 64;

const constants = (p: FilterLinesParameters) => ({
  OUTER: p.outer,
  LENGTH: p.length,
  INNER: p.inner,
  TAPS: p.taps,
  KERNELS: p.kernels,
  COMPLEMENT: Number(p.complement),
  WORKGROUP: workgroup,
});

const elements = (p: FilterLinesParameters): number => p.outer * p.length * p.inner;

/** x [outer, length, inner] correlated along `length` with one of the kernels [kernels, taps], the edge repeated beyond it. */
export const filterLines: Kernel<FilterLinesParameters> = {
  name: "filterLines",
  bindings: (p) => [
    { name: "x", access: "read", shape: [p.outer, p.length, p.inner] },
    { name: "kernel", access: "read", shape: [p.kernels, p.taps] },
    { name: "minuend", access: "read", shape: p.complement ? [p.outer, p.length, p.inner] : [1] },
    { name: "y", access: "write", shape: [p.outer, p.length, p.inner] },
  ],
  variants: [
    {
      name: "quad",
      shader: quad,
      constants,
      workgroups: (p) =>
        linearWorkgroups(divideUp(p.outer * divideUp(p.length, 4) * (p.inner / 4), workgroup)),
      supports: ({ inner }) => inner % 4 === 0,
    },
    {
      name: "run",
      shader: run,
      constants: (p) => {
        const { INNER: _, ...others } = constants(p);
        return others;
      },
      workgroups: (p) => linearWorkgroups(divideUp(p.outer * divideUp(p.length, 4), workgroup)),
      supports: ({ inner }) => inner === 1,
    },
    {
      name: "plain",
      shader: plain,
      constants,
      workgroups: (p) => linearWorkgroups(divideUp(elements(p), workgroup)),
    },
  ],
  flops: (p) => (2 * p.taps + Number(p.complement)) * elements(p),
  reference(p, { x, kernel, minuend, y }) {
    for (let index = 0; index < y.length; index++) {
      const inner = index % p.inner;
      const line = Math.floor(index / p.inner);
      const [outer, place] = [Math.floor(line / p.length), line % p.length];
      let sum = 0;
      for (let t = 0; t < p.taps; t++) {
        const i = Math.min(Math.max(place + t - (p.taps - 1) / 2, 0), p.length - 1);
        sum += kernel[(outer % p.kernels) * p.taps + t] * x[(outer * p.length + i) * p.inner + inner];
      }
      y[index] = p.complement ? minuend[index] - sum : sum;
    }
  },
  cases: [
    { outer: 1, length: 1, inner: 1, taps: 1, kernels: 1, complement: false },
    { outer: 3, length: 17, inner: 1, taps: 5, kernels: 3, complement: false },
    { outer: 2, length: 13, inner: 8, taps: 7, kernels: 2, complement: true },
    { outer: 2, length: 5, inner: 12, taps: 15, kernels: 1, complement: false },
    { outer: 5, length: 7, inner: 3, taps: 3, kernels: 5, complement: true },
  ],
};
