// The geometry of a sliding window, shared by convolutions and pooling.
import { divideUp } from "./kernel.ts";

/** `symmetric` pads k/2 on every side as PyTorch does; `same` is TensorFlow's SAME, the odd row at the bottom right. */
export type Padding = "symmetric" | "same";

export interface Window {
  readonly output: number;
  readonly before: number;
}

/** Output extent and leading padding of a window of `kernel` samples moved by `stride` over `input` samples. */
export function slideWindow(input: number, kernel: number, stride: number, padding: Padding): Window {
  if (padding === "symmetric") {
    const before = Math.floor(kernel / 2);
    return { output: Math.floor((input + 2 * before - kernel) / stride) + 1, before };
  }
  const output = Math.ceil(input / stride);
  const total = Math.max((output - 1) * stride + kernel - input, 0);
  return { output, before: Math.floor(total / 2) };
}

/** A window over both dimensions of an image, as kernel parameters. */
export type WindowParameters = {
  height: number;
  width: number;
  kernel: number;
  stride: number;
  padTop: number;
  padLeft: number;
  outHeight: number;
  outWidth: number;
};

export function windowParameters(
  height: number,
  width: number,
  kernel: number,
  stride: number,
  padding: Padding,
): WindowParameters {
  const vertical = slideWindow(height, kernel, stride, padding);
  const horizontal = slideWindow(width, kernel, stride, padding);
  return {
    height,
    width,
    kernel,
    stride,
    padTop: vertical.before,
    padLeft: horizontal.before,
    outHeight: vertical.output,
    outWidth: horizontal.output,
  };
}

/** The same as pipeline constants. */
export function windowConstants(window: WindowParameters): Record<string, number> {
  return {
    HEIGHT: window.height,
    WIDTH: window.width,
    KERNEL: window.kernel,
    STRIDE: window.stride,
    PAD_TOP: window.padTop,
    PAD_LEFT: window.padLeft,
    OUT_HEIGHT: window.outHeight,
    OUT_WIDTH: window.outWidth,
  };
}

/** Partial sums over the outputs of all samples: how many, and how many consecutive rows of outputs in each. */
export type RowSplits = { splits: number; rows: number };

/** Enough workgroups, one a partial sum, to keep a GPU busy. */
const wantedWorkgroups = 2048;
/** Outputs that make another partial sum worth adding up. */
const leastOutputs = 2048;

/** Splits `sums` sums over samples and rows of outputs, so that few of them keep a device busy and none grows long. */
export function splitRows(
  p: { batch: number; outHeight: number; outWidth: number },
  sums: number,
): RowSplits {
  const total = p.batch * p.outHeight;
  const splits = Math.min(divideUp(wantedWorkgroups, sums), divideUp(total * p.outWidth, leastOutputs));
  const rows = divideUp(total, splits);
  return { splits: divideUp(total, rows), rows };
}

/**
 * Calls `visit(output pixel, input pixel, tap)` for every tap of every window that lies inside the image, output
 * pixels in row-major order and taps in row-major order within each.
 */
export function forEachTap(
  window: WindowParameters,
  visit: (output: number, input: number, tap: number) => void,
): void {
  const { height, width, kernel, stride, padTop, padLeft, outHeight, outWidth } = window;
  for (let outY = 0; outY < outHeight; outY++)
    for (let outX = 0; outX < outWidth; outX++)
      for (let tapY = 0; tapY < kernel; tapY++) {
        const y = outY * stride + tapY - padTop;
        if (y < 0 || y >= height) continue;
        for (let tapX = 0; tapX < kernel; tapX++) {
          const x = outX * stride + tapX - padLeft;
          if (x >= 0 && x < width) visit(outY * outWidth + outX, y * width + x, tapY * kernel + tapX);
        }
      }
}
