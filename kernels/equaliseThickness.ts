import shader from "../shaders/equaliseThickness.wgsl";
import { divideUp, type Kernel, linearWorkgroups } from "./kernel.ts";

export type EqualiseThicknessParameters = {
  length: number;
  /** Attenuation of what the edge is filled up with, 1/mm. */
  fat: number;
  /** Below this line integral there is no breast. */
  limit: number;
};

const workgroup = 64;

/**
 * Line integrals x [length] with the breast's rounded edge and the air filled up to those of fat as thick as the frame's first
 * number says; `blurred` [2, length] is the blurred result of `breastMask`.
 */
export const equaliseThickness: Kernel<EqualiseThicknessParameters> = {
  name: "equaliseThickness",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "blurred", access: "read", shape: [2, length] },
    { name: "frame", access: "read", shape: [4] },
    { name: "y", access: "write", shape: [length] },
  ],
  variants: [
    {
      name: "plain",
      shader,
      constants: ({ length, fat, limit }) => ({
        LENGTH: length,
        FAT: fat,
        LIMIT: limit,
        WORKGROUP: workgroup,
      }),
      workgroups: ({ length }) => linearWorkgroups(divideUp(length, workgroup)),
    },
  ],
  flops: ({ length }) => 5 * length,
  reference({ length, fat, limit }, { x, blurred, frame, y }) {
    const full = fat * frame[0];
    for (let i = 0; i < length; i++)
      y[i] = x[i] > limit ? x[i] + Math.max(full - blurred[i] / blurred[length + i], 0) : full;
  },
  cases: [
    { length: 1, fat: 0.05, limit: 0.3 },
    { length: 1021, fat: 0.05, limit: 0.3 },
  ],
  testInputs: ({ length }, uniform) => ({
    frame: Float64Array.of(30, -20, 600, 10),
    blurred: Float64Array.from({ length: 2 * length }, (_, i) =>
      i < length ? 2 * uniform() : 0.6 + uniform() / 4,
    ),
  }),
};
