// gpu.js in its WebGPU mode: kernels written as JavaScript functions, which it translates to WGSL. It has no operations
// and no gradients, so only convolutions are here, each the plain loop over flat arrays.
import { createRequire } from "node:module";
import { GPU, type IKernelFunctionThis } from "gpu.js";
import { Rest } from "../../src/engine/rest.ts";
import type { Contestant, HostTensor, Operations, Peer, Row } from "./contestant.ts";

/** What a kernel in pipeline mode leaves on the device. */
interface Handle {
  readonly context: { readonly device: GPUDevice };
  toArray(): Promise<Float32Array>;
}

/** A kernel's argument with its shape; results come as promises. */
interface Value {
  readonly shape: readonly number[];
  readonly handle: Promise<Handle>;
}

type Kernel = (...values: (Handle | HostTensor["data"])[]) => Promise<Handle>;

/** What a kernel's text reads from `this.constants`. */
type Constants = { inputs: number; outputs: number; height: number; width: number; kernel: number };

class Unsupported extends Error {}

const refuse = (): never => {
  throw new Unsupported();
};

function copy(this: IKernelFunctionThis, x: number[]): number {
  return x[this.thread.x];
}

/** One element of the product of weight [outputs, inputs] and x [N, inputs, pixels]. */
function pointwise(this: IKernelFunctionThis<Constants>, x: number[], weight: number[]): number {
  const pixels = this.constants.height * this.constants.width;
  const pixel = this.thread.x % pixels;
  const plane = Math.floor(this.thread.x / pixels);
  const output = plane % this.constants.outputs;
  const first = Math.floor(plane / this.constants.outputs) * this.constants.inputs * pixels + pixel;
  let sum = 0;
  for (let input = 0; input < this.constants.inputs; input++) {
    sum += weight[output * this.constants.inputs + input] * x[first + input * pixels];
  }
  return sum;
}

/** One element of the depthwise convolution of x [N, outputs, height, width] by weight [outputs, kernel²]. */
function depthwise(this: IKernelFunctionThis<Constants>, x: number[], weight: number[]): number {
  const column = this.thread.x % this.constants.width;
  const line = Math.floor(this.thread.x / this.constants.width);
  const row = line % this.constants.height;
  const plane = Math.floor(line / this.constants.height);
  const channel = plane % this.constants.outputs;
  const before = Math.floor(this.constants.kernel / 2);
  let sum = 0;
  for (let u = 0; u < this.constants.kernel; u++) {
    for (let v = 0; v < this.constants.kernel; v++) {
      const i = row + u - before;
      const j = column + v - before;
      if (i >= 0 && i < this.constants.height && j >= 0 && j < this.constants.width) {
        const tap = (channel * this.constants.kernel + u) * this.constants.kernel + v;
        sum += x[(plane * this.constants.height + i) * this.constants.width + j] * weight[tap];
      }
    }
  }
  return sum;
}

class Launcher {
  readonly #gpu = new GPU({ mode: "webgpu" as "gpu" });
  readonly #kernels = new Map<string, Kernel>();

  /** The kernel of this body, length and constants, made when it is first asked for. A kernel has one result buffer. */
  #kernel(body: typeof pointwise, length: number, constants: Constants): Kernel {
    const key = JSON.stringify([body.name, length, constants]);
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#make(body as never, length, constants);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  #make(body: typeof copy, length: number, constants: Partial<Constants>): Kernel {
    const options = { output: [length], constants, pipeline: true, loopMaxIterations: 1 << 16 };
    return this.#gpu.createKernel(body as never, options) as unknown as Kernel;
  }

  upload({ shape, data }: HostTensor): Value {
    return { shape, handle: this.#make(copy, data.length, {})(data) };
  }

  #apply(
    body: typeof pointwise,
    x: Value,
    weight: Value,
    shape: readonly number[],
    constants: Constants,
  ): Value {
    const length = shape.reduce((product, extent) => product * extent, 1);
    const kernel = this.#kernel(body, length, constants);
    return { shape, handle: Promise.all([x.handle, weight.handle]).then((handles) => kernel(...handles)) };
  }

  readonly operations: Operations<Value> = {
    matrixProduct: (weight, x) => {
      const [outputs, inputs] = weight.shape;
      const width = x.shape[1];
      return this.#apply(pointwise, x, weight, [outputs, width], {
        inputs,
        outputs,
        height: 1,
        width,
        kernel: 1,
      });
    },
    depthwise: (x, weight) => {
      const [, outputs, height, width] = x.shape;
      const constants = { inputs: 1, outputs, height, width, kernel: weight.shape[2] };
      return this.#apply(depthwise, x, weight, x.shape, constants);
    },
    pointwise: (x, weight) => {
      const [n, inputs, height, width] = x.shape;
      const outputs = weight.shape[0];
      const shape = [n, outputs, height, width];
      return this.#apply(pointwise, x, weight, shape, { inputs, outputs, height, width, kernel: 1 });
    },
    conv2d: refuse,
    maxPool: refuse,
    batchNorm: refuse,
    fuse: refuse,
    focalLoss: refuse,
    huberLoss: refuse,
    add: refuse,
  };
}

async function prepare(row: Row): Promise<Contestant | undefined> {
  if (row.gradients.length > 0) return undefined;
  const launcher = new Launcher();
  const inputs = Object.fromEntries(
    Object.entries(row.inputs).map(([name, host]) => [name, launcher.upload(host)]),
  );
  const compute = (): Promise<Handle> => row.graph(launcher.operations, inputs).handle;
  try {
    await compute();
  } catch (error) {
    if (error instanceof Unsupported) return undefined;
    throw error;
  }
  const rest = new Rest();
  return {
    async run() {
      const { context } = await compute();
      await rest.until(() => context.device.queue.onSubmittedWorkDone());
    },
    outputs: async () => ({ y: await (await compute()).toArray() }),
    release: () => {},
  };
}

/** @throws where its backend does not start. `navigator.gpu` must be there. */
export async function gpujs(): Promise<Peer> {
  const { version } = createRequire(import.meta.url)("gpu.js/package.json") as { version: string };
  if (!(await GPU.isWebGPUAvailable())) throw new Error("its WebGPU mode did not start");
  return { name: "gpu.js", version, method: "WebGPU, NCHW, plain loops", prepare };
}
