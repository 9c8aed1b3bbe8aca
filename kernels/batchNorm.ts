import body from "../shaders/batchNorm.wgsl";
import segments from "../shaders/segments.wgsl";
import { swish, swishDerivative } from "./functions.ts";
import type { Binding, Buffers, Kernel } from "./kernel.ts";
import { laneVariants } from "./lanes.ts";
import { type Segmented, segmentConstants, segmentEnds, segmentOf } from "./segments.ts";

/** What every kernel of batch normalisation is told. */
export type NormParameters = {
  batch: number;
  channels: number;
  pixels: number;
  epsilon: number;
  activation: "none" | "swish";
};

/** Of segments of the pixels, each with statistics, gamma and beta of its own: [segments, channels] of each. */
export type SegmentedNormParameters = NormParameters & Segmented;

export type BatchNormParameters = SegmentedNormParameters & {
  /** Whether every plane is multiplied by a gate after the activation. */
  gated: boolean;
  /** Whether a tensor like y is added at the end. */
  residual: boolean;
};

export const normLength = (p: NormParameters): number => p.batch * p.channels * p.pixels;

export const imageShape = (p: NormParameters): number[] => [p.batch, p.channels, p.pixels];

const segmentsOf = (p: NormParameters & Partial<Segmented>): number[] =>
  segmentEnds({ segments: p.segments ?? "", pixels: p.pixels });

/** Channels of all segments. */
export const channelCount = (p: NormParameters & Partial<Segmented>): number =>
  p.channels * segmentsOf(p).length;

/** The bindings of the per-channel values that normalisation and its gradients read. */
export function channelBindings(p: NormParameters): Binding[] {
  const shape = [channelCount(p)];
  return ["mean", "variance", "gamma", "beta"].map((name) => ({ name, access: "read", shape }));
}

/**
 * A binding that only some parameters use. WGSL has no optional ones: without use, the caller gives a vector of the
 * channels' in its place, which the shader does not touch.
 */
export function optionalBinding(name: string, used: boolean, shape: number[], p: NormParameters): Binding {
  return { name, access: "read", shape: used ? shape : [channelCount(p)] };
}

export function normConstants(p: NormParameters): Record<string, number> {
  return {
    BATCH: p.batch,
    PLANES: p.batch * p.channels,
    CHANNELS: p.channels,
    PIXELS: p.pixels,
    EPSILON: p.epsilon,
    SWISH: Number(p.activation === "swish"),
  };
}

/** The constants that a shader names: `override`s that it does not declare would be refused. */
export function pick<Name extends string>(all: Record<string, number>, ...names: Name[]) {
  return Object.fromEntries(names.map((name) => [name, all[name]])) as Record<Name, number>;
}

/** Variances are positive. */
export function varianceInput(p: NormParameters, uniform: () => number): Buffers {
  return { variance: Float64Array.from({ length: channelCount(p) }, () => 0.25 + Math.abs(uniform())) };
}

export const normCases: readonly NormParameters[] = [
  { batch: 1, channels: 1, pixels: 1, epsilon: 1e-3, activation: "none" },
  { batch: 2, channels: 3, pixels: 1, epsilon: 1e-3, activation: "swish" },
  { batch: 3, channels: 5, pixels: 7, epsilon: 1e-5, activation: "swish" },
  { batch: 2, channels: 3, pixels: 16, epsilon: 1e-3, activation: "none" },
  { batch: 13, channels: 7, pixels: 68, epsilon: 1e-3, activation: "swish" },
  { batch: 3, channels: 11, pixels: 4099, epsilon: 1e-3, activation: "swish" },
];

const example = (
  batch: number,
  channels: number,
  pixels: number,
  activation: "none" | "swish",
  segments = "",
): SegmentedNormParameters => ({ batch, channels, pixels, epsilon: 1e-3, activation, segments });

/** The same, and planes of several segments with and without filling. */
export const segmentedCases: readonly SegmentedNormParameters[] = [
  ...normCases.map((p) => ({ ...p, segments: "" })),
  example(2, 3, 24, "swish", "15,21,22"),
  example(3, 5, 336, "none", "256,320,336"),
  example(2, 2, 20, "swish", "7,11,14,16,17,18"),
];

/** The channel of element i, counted over all segments; −1 where it is filling. */
export function channelOf(p: NormParameters & Partial<Segmented>, i: number): number {
  const segment = segmentOf(segmentsOf(p), i % p.pixels);
  return segment < 0 ? -1 : segment * p.channels + (Math.floor(i / p.pixels) % p.channels);
}

/** x̂, z and the activation's value and derivative at element i, which is not filling, in float64. */
export function normalizedAt(p: NormParameters, buffers: Buffers, i: number) {
  const { x, mean, variance, gamma, beta } = buffers;
  const channel = channelOf(p, i);
  const inverse = 1 / Math.sqrt(variance[channel] + p.epsilon);
  const normalized = (x[i] - mean[channel]) * inverse;
  const z = gamma[channel] * normalized + beta[channel];
  const active = p.activation === "swish";
  return {
    channel,
    inverse,
    normalized,
    value: active ? swish(z) : z,
    derivative: active ? swishDerivative(z) : 1,
  };
}

/** y = activation(gamma·(x − mean)/√(variance + epsilon) + beta) · gate + residual, x [batch,channels,pixels]. */
export const batchNorm: Kernel<BatchNormParameters> = {
  name: "batchNorm",
  bindings: (p) => [
    { name: "x", access: "read", shape: imageShape(p) },
    ...channelBindings(p),
    optionalBinding("gate", p.gated, [p.batch, p.channels], p),
    optionalBinding("residual", p.residual, imageShape(p), p),
    { name: "y", access: "write", shape: imageShape(p) },
  ],
  variants: laneVariants(
    segments + body,
    (p) => ({
      ...pick(normConstants(p), "EPSILON", "SWISH", "PLANES", "CHANNELS", "PIXELS"),
      ...segmentConstants(p),
      GATED: Number(p.gated),
      RESIDUAL: Number(p.residual),
    }),
    (p) => p.batch * channelCount(p),
    (p) => p.pixels,
  ),
  flops: (p) => ((p.activation === "swish" ? 7 : 3) + Number(p.gated) + Number(p.residual)) * normLength(p),
  reference(p, buffers) {
    const { x, gate, residual, y } = buffers;
    y.fill(0);
    for (let i = 0; i < x.length; i++) {
      if (channelOf(p, i) < 0) continue;
      const factor = p.gated ? gate[Math.floor(i / p.pixels)] : 1;
      y[i] = normalizedAt(p, buffers, i).value * factor + (p.residual ? residual[i] : 0);
    }
  },
  cases: [
    ...segmentedCases.map((p) => ({ ...p, gated: false, residual: false })),
    { ...example(3, 5, 1028, "swish"), gated: true, residual: false },
    { ...example(2, 3, 36, "none"), gated: false, residual: true },
  ],
  testInputs: varianceInput,
};
