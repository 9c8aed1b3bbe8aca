// A second, independent oracle: the same convolutions written as gpu.js kernels, run by its CPU mode.
import { test } from "node:test";
import { GPU, type IKernelFunctionThis } from "gpu.js";
import { elementCount } from "../../kernels/kernel.ts";
import { conv2d, depthwiseConv2d, pointwiseConv2d } from "../../src/autograd/operations/convolution.ts";
import { Tape } from "../../src/autograd/tape.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { RandomStream } from "../../src/base/random.ts";
import { compile } from "../../src/engine/program.ts";
import { assertClose } from "../helpers/compare.ts";
import { sharedEngine } from "../helpers/engine.ts";

const engine = sharedEngine();

type Constants = {
  /** Input channels that one output channel reads, and output channels that read the same ones. */
  groupInputs: number;
  groupOutputs: number;
  channels: number;
  filters: number;
  height: number;
  width: number;
  kernel: number;
  stride: number;
  padTop: number;
  padLeft: number;
  outHeight: number;
  outWidth: number;
};

/** One output element of a grouped convolution, NCHW; gpu.js reads this function's text. */
function convolve(this: IKernelFunctionThis<Constants>, x: number[], weight: number[]): number {
  const column = this.thread.x % this.constants.outWidth;
  const row = Math.floor(this.thread.x / this.constants.outWidth) % this.constants.outHeight;
  const plane = Math.floor(this.thread.x / (this.constants.outWidth * this.constants.outHeight));
  const filter = plane % this.constants.filters;
  const sample = Math.floor(plane / this.constants.filters);
  const firstInput = Math.floor(filter / this.constants.groupOutputs) * this.constants.groupInputs;
  let sum = 0;
  for (let c = 0; c < this.constants.groupInputs; c++) {
    for (let u = 0; u < this.constants.kernel; u++) {
      for (let v = 0; v < this.constants.kernel; v++) {
        const i = row * this.constants.stride + u - this.constants.padTop;
        const j = column * this.constants.stride + v - this.constants.padLeft;
        if (i >= 0 && i < this.constants.height && j >= 0 && j < this.constants.width) {
          const input = (sample * this.constants.channels + firstInput + c) * this.constants.height + i;
          const tap =
            ((filter * this.constants.groupInputs + c) * this.constants.kernel + u) * this.constants.kernel +
            v;
          sum += x[input * this.constants.width + j] * weight[tap];
        }
      }
    }
  }
  return sum;
}

interface Case {
  readonly kind: "conv2d" | "depthwiseConv2d" | "pointwiseConv2d";
  readonly channels: number;
  readonly filters: number;
  readonly size: readonly [height: number, width: number];
  readonly kernel: number;
  readonly stride: number;
  readonly padding: "symmetric" | "same";
}

const batch = 2;

/** PyTorch's padding of k/2 on all sides, or TensorFlow's SAME. */
function extent(input: number, { kernel, stride, padding }: Case): { output: number; before: number } {
  if (padding === "symmetric") {
    const before = (kernel - 1) / 2;
    return { output: Math.floor((input + 2 * before - kernel) / stride + 1), before };
  }
  const output = Math.ceil(input / stride);
  return { output, before: Math.floor(Math.max(0, (output - 1) * stride + kernel - input) / 2) };
}

function runGpuJs(given: Case, x: Float32Array, weight: Float32Array): ArrayLike<number> {
  const { kind, channels, filters, size, kernel, stride } = given;
  const vertical = extent(size[0], given);
  const horizontal = extent(size[1], given);
  const depthwise = kind === "depthwiseConv2d";
  const constants: Constants = {
    groupInputs: depthwise ? 1 : channels,
    groupOutputs: depthwise ? 1 : filters,
    channels,
    filters,
    height: size[0],
    width: size[1],
    kernel,
    stride,
    padTop: vertical.before,
    padLeft: horizontal.before,
    outHeight: vertical.output,
    outWidth: horizontal.output,
  };
  const gpu = new GPU({ mode: "cpu" });
  const output = [batch * filters * vertical.output * horizontal.output];
  const run = gpu.createKernel<[number[], number[]], Constants>(convolve, {
    constants,
    output,
    argumentTypes: { x: "Array", weight: "Array" },
  });
  const result = run(x as unknown as number[], weight as unknown as number[]) as Float32Array;
  gpu.destroy();
  return result;
}

function record(tape: Tape, { kind, stride, padding }: Case, x: Tensor, weight: Tensor): Tensor {
  if (kind === "pointwiseConv2d") return pointwiseConv2d(tape, x, weight);
  return (kind === "conv2d" ? conv2d : depthwiseConv2d)(tape, x, weight, { stride, padding });
}

async function compare(given: Case): Promise<void> {
  const { kind, channels, filters, size, kernel } = given;
  const stream = new RandomStream(9, JSON.stringify(given));
  const draw = (shape: readonly number[]) =>
    Float32Array.from({ length: elementCount(shape) }, () => stream.nextUniform(-1, 1));
  const xShape = [batch, channels, ...size];
  const weightShape = [filters, kind === "depthwiseConv2d" ? 1 : channels, kernel, kernel];
  const inputs = { x: draw(xShape), weight: draw(weightShape) };
  const tape = new Tape();
  const y = record(tape, given, tape.input("x", xShape), tape.input("weight", weightShape));
  const program = await compile(engine.current, kind, tape, { y });
  const { y: actual } = await program.run(inputs);
  program.release();
  // Two float32 sums of at most a hundred products below 1.
  const tolerance = { absolute: 1e-5, relative: 1e-5 };
  assertClose(actual, runGpuJs(given, inputs.x, inputs.weight), tolerance, kind);
}

const describe = ({ kind, kernel, stride, size, padding }: Case): string =>
  `${kind} ${kernel}x${kernel} stride ${stride} at ${size.join("x")} ${padding}, as gpu.js computes it`;

const paddings = ["symmetric", "same"] as const;
const sizes = [
  [7, 13],
  [16, 11],
] as const;

for (const size of sizes) {
  for (const padding of paddings) {
    const dense: Case = { kind: "conv2d", channels: 3, filters: 5, size, kernel: 3, stride: 2, padding };
    test(describe(dense), () => compare(dense));
    for (const kernel of [3, 5])
      for (const stride of [1, 2]) {
        const given: Case = {
          kind: "depthwiseConv2d",
          channels: 6,
          filters: 6,
          size,
          kernel,
          stride,
          padding,
        };
        test(describe(given), () => compare(given));
      }
  }
}

for (const size of [
  [1, 1],
  [5, 7],
  [8, 6],
] as const)
  for (const [channels, filters] of [
    [13, 7],
    [12, 8],
  ]) {
    const given: Case = {
      kind: "pointwiseConv2d",
      channels,
      filters,
      size,
      kernel: 1,
      stride: 1,
      padding: "symmetric",
    };
    test(`${channels} to ${filters} channels, ${describe(given)}`, () => compare(given));
  }
