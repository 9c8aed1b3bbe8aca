import random from "../shaders/random.wgsl";
import shader from "../shaders/readOut.wgsl";
import { normalAt } from "../src/base/random.ts";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type ReadOutParameters = {
  planes: number;
  /** Of bins. */
  rows: number;
  columns: number;
  /** Pixels along a bin's side. */
  bin: number;
  /** Standard deviation of a reading in photons. */
  noise: number;
  /** Of the exposure that `open` was set for. */
  share: number;
  /** Whether the noise is left out. */
  quiet: boolean;
};

const workgroup = 64;

/**
 * Line integrals [planes, rows, columns] as read from photons [planes, rows·bin, columns·bin], with quantum and electronic noise
 * of variance n + noise²; open [1] are the photons of a pixel with nothing in the beam, key u32 [1] that of a
 * RandomStream, factors [planes] what each plane is multiplied by.
 */
export const readOut: Kernel<ReadOutParameters> = {
  name: "readOut",
  bindings: (p) => [
    { name: "photons", access: "read", shape: [p.planes, p.rows * p.bin, p.columns * p.bin] },
    { name: "open", access: "read", shape: [1] },
    { name: "key", access: "read", shape: [1], dtype: "u32" },
    { name: "factors", access: "read", shape: [p.planes] },
    { name: "y", access: "write", shape: [p.planes, p.rows, p.columns] },
  ],
  variants: [
    {
      name: "plain",
      shader: random + shader,
      constants: (p) => ({
        PLANES: p.planes,
        ROWS: p.rows,
        COLUMNS: p.columns,
        BIN: p.bin,
        NOISE: p.noise,
        SHARE: p.share,
        QUIET: Number(p.quiet),
        WORKGROUP: workgroup,
      }),
      workgroups: (p) => linearWorkgroups(divideUp(p.planes * p.rows * p.columns, workgroup)),
    },
  ],
  flops: (p) => (p.bin ** 2 + 60) * p.planes * p.rows * p.columns,
  reference(p, { photons, open, key, factors, y }) {
    const width = p.columns * p.bin;
    for (let i = 0; i < y.length; i++) {
      const [line, column] = [Math.floor(i / p.columns), i % p.columns];
      let n = 0;
      for (let row = 0; row < p.bin; row++)
        for (let part = 0; part < p.bin; part++)
          n += photons[(line * p.bin + row) * width + column * p.bin + part];
      if (!p.quiet) n += Math.sqrt(n + p.noise ** 2) * normalAt(key[0], i);
      const factor = factors[Math.floor(line / p.rows)];
      y[i] = -Math.log(Math.max(n, 1) / (p.share * open[0] * p.bin ** 2)) * factor;
    }
  },
  cases: [
    { planes: 1, rows: 1, columns: 1, bin: 1, noise: 0, share: 1, quiet: true },
    { planes: 1, rows: 13, columns: 17, bin: 1, noise: 40, share: 1, quiet: false },
    { planes: 3, rows: 7, columns: 11, bin: 2, noise: 25, share: 0.1, quiet: false },
  ],
  testInputs(p, uniform) {
    const count = p.planes * p.rows * p.columns * p.bin ** 2;
    return {
      photons: Float64Array.from({ length: count }, () => 3000 + 1000 * uniform()),
      open: Float64Array.of(40_000),
      key: Float64Array.of(2_654_435_769),
    };
  },
  tolerance: {
    absolute: 2e-5,
    relative: 1e-5,
    reason: "float32's logarithm and cosine in Box and Muller's transform, on counts of a few thousand",
  },
};
