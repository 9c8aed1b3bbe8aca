import body from "../shaders/automaticExposure.wgsl";
import type { Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";

export type AutomaticExposureParameters = {
  length: number;
  /** Photons wanted in a pixel behind the breast, on average. */
  behind: number;
  /** Below this line integral there is no breast. */
  limit: number;
};

/** Photons [1] of a pixel of the open field, from line integrals [length]: behind / mean transmission of the breast. */
export const automaticExposure: Kernel<AutomaticExposureParameters> = {
  name: "automaticExposure",
  bindings: ({ length }) => [
    { name: "x", access: "read", shape: [length] },
    { name: "open", access: "write", shape: [1] },
  ],
  variants: laneVariants<AutomaticExposureParameters>(
    body,
    ({ length, behind, limit }) => ({ LENGTH: length, BEHIND: behind, LIMIT: limit }),
    () => 1,
    ({ length }) => length,
  ),
  flops: ({ length }) => 10 * length,
  reference({ behind, limit }, { x, open }) {
    const breast = x.filter((value) => value > limit);
    const sum = breast.reduce((total, value) => total + Math.exp(-value), 0);
    open[0] = breast.length > 0 ? (behind * breast.length) / sum : behind;
  },
  cases: [
    { length: 1, behind: 1000, limit: 2 },
    { length: 257, behind: 7, limit: 0.3 },
    { length: 4099, behind: 68_400, limit: 0.3 },
  ],
  tolerance: {
    absolute: 0,
    relative: 1e-5,
    reason: "a sum of some thousand terms of one sign, in an order of its own",
  },
};
