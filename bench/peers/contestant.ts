// What a row of the table is, and what every library makes of it.

/** How an array's dimensions are meant, so that a library can store it in the layout that it is fastest with. */
export type Layout =
  /** As it is. */
  | "plain"
  /** [N, C, H, W] */
  | "image"
  /** [outputs, inputs, 1, 1] or [filters, channels, k, k] */
  | "convolution"
  /** [channels, 1, k, k] */
  | "depthwise";

export interface HostTensor {
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

export type HostTensors = Readonly<Record<string, HostTensor>>;

/** The same targets in two forms: by anchor, as our kernels take them, and spread over channels for the libraries. */
export interface Targets<T> {
  /** i32 [N, A]: class from 0, −1 background. */
  readonly classTargets: T;
  /** [N, 9·classes, h, w]: 1 where the anchor has the class, else 0. */
  readonly positives: T;
  /** [N, A, 4] */
  readonly boxTargets: T;
  /** [N, 36, h, w] */
  readonly boxImage: T;
  /** [1] */
  readonly normalizer: T;
}

/**
 * The operations that rows are written in, once for all libraries that record or run a graph from JavaScript. Padding
 * is k/2 on every side. Batch norm takes its statistics from the batch.
 */
export interface Operations<T> {
  /** weight [O, I] times x [I, P]. */
  matrixProduct(weight: T, x: T): T;
  /** Stride 2. */
  conv2d(x: T, weight: T): T;
  /** Stride 1: at stride 2 jax-js 0.1.25 gets the gradient of x wrong. */
  depthwise(x: T, weight: T): T;
  pointwise(x: T, weight: T, bias?: T): T;
  /** 3x3 at stride 2. */
  maxPool(x: T): T;
  batchNorm(x: T, gamma: T, beta: T, activation: "none" | "swish"): T;
  /** swish(Σ relu(wᵢ)·xᵢ / (Σ relu(wᵢ) + 1e-4)) of a map, one of half and one of twice its size. */
  fuse(same: T, half: T, twice: T, weights: T): T;
  /** Σ focal loss / normalizer; alpha 0.25, gamma 1.5. */
  focalLoss(logits: T, targets: Targets<T>): T;
  /** Σ Huber loss (delta 0.1) of the codes whose target is not 0 / (4·normalizer). */
  huberLoss(codes: T, targets: Targets<T>): T;
  /** a + scale·b */
  add(a: T, b: T, scale: number): T;
}

export interface Row {
  readonly name: string;
  /** What it computes, and on what. */
  readonly title: string;
  readonly inputs: HostTensors;
  /** Layout of the result, or `scalar`. */
  readonly result: Layout | "scalar";
  graph<T>(operations: Operations<T>, inputs: Readonly<Record<string, T>>): T;
  /** Inputs whose gradients are computed too, for the upstream gradient in the input `dy` (1 for a scalar). */
  readonly gradients: readonly string[];
  /** Train `gradients` by SGD with momentum in place of returning their gradients. */
  readonly training?: { readonly rate: number; readonly momentum: number };
  /** Largest difference from ours that counts as equal, as a share of ours' largest value. */
  readonly tolerance: number;
}

/** One library's version of one row. */
export interface Contestant {
  /** Computes the row once, inputs and results on the device; resolves when the device is done. */
  run(): Promise<void>;
  /** The same, to the milliseconds that it took; where it runs in another process, which has its own clock. */
  timedRun?(): Promise<number>;
  /**
   * The results in our layouts: `y` and a gradient for every name in `gradients`; of training, the losses of the
   * first `comparedSteps` steps. Called once, before any `run`.
   */
  outputs(): Promise<Readonly<Record<string, Float32Array>>>;
  release(): void;
}

export const comparedSteps = 3;

export interface Peer {
  readonly name: string;
  readonly version: string;
  /** How it is used: layout, device, compilation. */
  readonly method: string;
  /** @returns undefined where the library is not part of this row. @throws what the library throws. */
  prepare(row: Row): Promise<Contestant | undefined>;
  close?(): void;
}

/** A library that is not there, and why. */
export interface Absent {
  readonly name: string;
  readonly reason: string;
}

/** [N, C, H, W] → [N, H, W, C]. */
export function channelsLast(
  data: ArrayLike<number>,
  [n, c, h, w]: readonly number[],
): Float32Array<ArrayBuffer> {
  const moved = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let channel = 0; channel < c; channel++)
      for (let pixel = 0; pixel < h * w; pixel++)
        moved[(i * h * w + pixel) * c + channel] = data[(i * c + channel) * h * w + pixel];
  return moved;
}

/** [N, H, W, C] → [N, C, H, W], for the shape [N, C, H, W]. */
export function channelsFirst(
  data: ArrayLike<number>,
  [n, c, h, w]: readonly number[],
): Float32Array<ArrayBuffer> {
  return channelsLast(data, [n, h * w, c, 1]);
}
