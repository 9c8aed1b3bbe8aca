import shader from "../shaders/dropConnect.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type DropConnectParameters = { batch: number; sample: number; rate: number; stream: number };

/** Murmur3's 32-bit finaliser. */
function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Whether a sample is kept, bit for bit as the shader draws it. */
export function keepsSample(
  seed: number,
  step: number,
  { rate, stream }: DropConnectParameters,
  sample: number,
): boolean {
  const bits = mix(mix(mix(seed ^ 0x9e3779b9) + step) + Math.imul(stream, 65537) + sample);
  return (bits >>> 8) / 16777216 >= Math.fround(rate);
}

/** x [batch, sample] with whole samples zeroed at a rate; its own gradient. */
export const dropConnect: Kernel<DropConnectParameters> = {
  name: "dropConnect",
  bindings: ({ batch, sample }) => [
    { name: "x", access: "read", shape: [batch, sample] },
    { name: "random", access: "read", shape: [2], dtype: "u32" },
    { name: "y", access: "write", shape: [batch, sample] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ batch, sample, rate, stream }) => ({
        SAMPLE: sample,
        LENGTH: batch * sample,
        RATE: rate,
        STREAM: stream,
        WORKGROUP: 64,
      }),
      workgroups: ({ batch, sample }) => linearWorkgroups(divideUp(batch * sample, 64)),
    },
  ],
  flops: ({ batch, sample }) => batch * sample,
  reference(p, { x, random, y }) {
    for (let i = 0; i < x.length; i++) {
      const kept = keepsSample(random[0], random[1], p, Math.floor(i / p.sample));
      y[i] = kept ? x[i] / (1 - p.rate) : 0;
    }
  },
  cases: [
    { batch: 1, sample: 1, rate: 0.2, stream: 0 },
    { batch: 37, sample: 5, rate: 0.5, stream: 3 },
    { batch: 11, sample: 67, rate: 0.2, stream: 15 },
  ],
  testInputs: () => ({ random: Float64Array.of(4_000_000_007, 12_345) }),
};
