// Weights and inputs from a formula, so that models of any size can be compared without storing them. All integer
// arithmetic is modulo 2^32; values are computed in float64 and rounded once to float32.
import { elementCount, type Shape } from "../../kernels/kernel.ts";
import type { FlatLayout } from "../../src/autograd/parameters.ts";

function finalize(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a of a name's bytes, mixed with a seed. */
export function streamOf(name: string, seed: number): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return finalize(hash ^ Math.imul(seed, 0x9e3779b9));
}

export const bitsOf = (stream: number, index: number): number =>
  finalize(stream + Math.imul(index, 0x9e3779b9));

/** Uniform in [0, 1). */
export const unitAt = (stream: number, index: number): number => (bitsOf(stream, index) >>> 8) * 2 ** -24;

/** Uniform in [−1, 1). */
export const signedAt = (stream: number, index: number): number => 2 * unitAt(stream, index) - 1;

/** Variances of 4-d weights are `gain` / fan-in / 3. */
export interface Gains {
  readonly backbone: number;
  readonly other: number;
  readonly class_predict: number;
  readonly box_predict: number;
}

function gainOf(name: string, gains: Gains): number {
  if (name === "class_net.predict.conv_pw.weight") return gains.class_predict;
  if (name === "box_net.predict.conv_pw.weight") return gains.box_predict;
  return name.startsWith("backbone.") ? gains.backbone : gains.other;
}

type Element = (index: number) => number;

function elementOf(name: string, shape: Shape, gains: Gains, seed: number): Element {
  const stream = streamOf(name, seed);
  const unit: Element = (index) => unitAt(stream, index);
  const signed: Element = (index) => signedAt(stream, index);
  if (shape.length === 4) {
    const deviation = Math.sqrt(gainOf(name, gains) / (shape[1] * shape[2] * shape[3]));
    return (index) => signed(index) * deviation;
  }
  if (name.endsWith("edge_weights")) return (index) => 0.25 + 1.5 * unit(index);
  if (name.endsWith("running_mean")) return (index) => 0.25 * signed(index);
  if (name.endsWith("running_var")) return (index) => 0.5 + unit(index);
  if (name.endsWith(".weight")) return (index) => 0.75 + 0.5 * unit(index);
  if (name === "class_net.predict.conv_pw.bias") return (index) => -3 + 0.5 * signed(index);
  if (name.endsWith(".bias")) return (index) => 0.25 * signed(index);
  throw new Error(`the formula has no rule for ${name} [${shape}]`);
}

/** A flat plane of a layout by the formula. */
export function formulaPlane(layout: FlatLayout, gains: Gains, seed: number): Float32Array<ArrayBuffer> {
  const plane = new Float32Array(layout.length);
  for (const { name, shape, offset } of layout.entries) {
    const element = elementOf(name, shape, gains, seed);
    const count = elementCount(shape);
    for (let index = 0; index < count; index++) plane[offset + index] = element(index);
  }
  return plane;
}

/** [N, C, H, W]: noise on blocks of 16 pixels. */
export function formulaInput(
  [batch, channels, height, width]: readonly number[],
  seed: number,
): Float32Array<ArrayBuffer> {
  const fine = streamOf("input", seed);
  const coarse = streamOf("input.blocks", seed);
  const input = new Float32Array(batch * channels * height * width);
  for (let index = 0; index < input.length; index++) {
    const x = index % width;
    const y = Math.floor(index / width) % height;
    const plane = Math.floor(index / (width * height));
    const block = plane * 4096 + (y >> 4) * 64 + (x >> 4);
    input[index] = 0.75 * signedAt(fine, index) + signedAt(coarse, block);
  }
  return input;
}

/** Sum of float32 bit patterns modulo 2^32. Zeros, such as a plane's padding, add nothing. */
export function bitSum(values: Float32Array<ArrayBuffer>): number {
  return new Uint32Array(values.buffer).reduce((sum, bits) => (sum + bits) >>> 0, 0);
}

/** sum of values[i] · V(i): one number that depends on every element. */
export function projection(name: string, values: ArrayLike<number>): number {
  const stream = streamOf(`proj/${name}`, 12345);
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index] * signedAt(stream, index);
  return sum;
}
