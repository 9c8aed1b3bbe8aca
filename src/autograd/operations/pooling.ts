// Resampling of single maps: BiFPN's fusion of one input with weight 1.
import { type Padding, slideWindow } from "../../../kernels/geometry.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";
import { fuse } from "./fusion.ts";

function resample(tape: Tape, x: Tensor, height: number, width: number, padding: Padding): Tensor {
  const options = { height, width, padding, normalized: false };
  return fuse(tape, [x], tape.constant("one weight", [1], new Float32Array([1])), options);
}

/** Maximum over 3x3 windows of stride 2, padded with −∞: x [N,C,H,W] → [N,C,H',W']. Ties: the first takes the gradient. */
export function maxPool2d(tape: Tape, x: Tensor, padding: Padding): Tensor {
  const [, , height, width] = x.shape;
  return resample(
    tape,
    x,
    slideWindow(height, 3, 2, padding).output,
    slideWindow(width, 3, 2, padding).output,
    padding,
  );
}

/** Nearest neighbour, index floor(out · in / size): x [N,C,h,w] → [N,C,height,width], no side smaller. */
export function upsampleNearest(tape: Tape, x: Tensor, height: number, width: number): Tensor {
  return resample(tape, x, height, width, "symmetric");
}
