// Layers: operations with their parameters, declared under the names that the reference implementations use, so that
// their weights load by name.

import type { Padding } from "../../kernels/geometry.ts";
import type { Shape } from "../../kernels/kernel.ts";
import { conv2d, depthwiseConv2d, pointwiseConv2d } from "./operations/convolution.ts";
import { type BatchNormTensors, batchNorm } from "./operations/normalization.ts";
import { type LevelSizes, levelEnds, pyramidDepthwiseConv2d } from "./operations/pyramid.ts";
import { batchNormSqueezeExcite } from "./operations/squeezeExcite.ts";
import type { Initializer, ParameterSet } from "./parameters.ts";
import type { Tape } from "./tape.ts";
import type { Tensor } from "./tensor.ts";

export interface LayerMode {
  /** `training` normalises by the batch and updates the running statistics; `frozen` uses those. */
  readonly normalization: "training" | "frozen";
  /** Whether gradients are taken with respect to this set's parameters. */
  readonly trainable: boolean;
  /** Read the exponential moving averages in place of the parameters and statistics themselves. */
  readonly averaged?: boolean;
  /** Seed and step, u32 [2], for what draws random numbers while training; absent: nothing does. */
  readonly random?: Tensor;
}

export interface NormalizationOptions {
  readonly epsilon: number;
  /** Share of the batch in the running statistics, PyTorch's convention. */
  readonly momentum: number;
  readonly activation?: "none" | "swish";
}

export interface WindowOptions {
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Padding;
}

const zero: Initializer = { kind: "constant", value: 0 };
const one: Initializer = { kind: "constant", value: 1 };

/** The layers of one parameter set on one tape, below a name. */
export class Layers {
  constructor(
    readonly tape: Tape,
    readonly set: ParameterSet,
    readonly mode: LayerMode,
    private readonly prefix = "",
  ) {}

  /** Layers whose names start with `name`. */
  at(name: string | number): Layers {
    return new Layers(this.tape, this.set, this.mode, `${this.prefix}${name}.`);
  }

  /** A trained parameter. Weight decay applies to what has more than one dimension, as in timm. */
  parameter(name: string, shape: Shape, initializer: Initializer): Tensor {
    const entry = this.set.parameters.declare(this.prefix + name, shape, initializer, shape.length > 1);
    const plane = this.mode.averaged ? "average" : "values";
    return this.tape.parameter(this.set, entry, this.mode.trainable, plane);
  }

  /** One after the other in one tensor. */
  #statistics(names: readonly string[], channels: number, initializer: Initializer): Tensor {
    const entry = this.set.statistics.declareStack(this.#below(names), [channels], initializer);
    const plane = this.mode.averaged ? "averageStatistics" : "statistics";
    return this.tape.parameter(this.set, entry, false, plane);
  }

  /** Trained vectors, one after the other in one tensor. */
  #vectors(names: readonly string[], channels: number, initializer: Initializer): Tensor {
    const entry = this.set.parameters.declareStack(this.#below(names), [channels], initializer);
    return this.tape.parameter(
      this.set,
      entry,
      this.mode.trainable,
      this.mode.averaged ? "average" : "values",
    );
  }

  #below(names: readonly string[]): string[] {
    return names.map((name) => this.prefix + name);
  }

  /** Runs `body` with these layers' name in the labels of what it records. */
  labelled<T>(body: () => T): T {
    return this.tape.scope(this.prefix.slice(0, -1), body);
  }

  /** Dense convolution without bias: x [N,C,H,W] → [N,filters,H',W']. */
  conv2d(x: Tensor, filters: number, window: WindowOptions, initializer: Initializer): Tensor {
    const weight = this.parameter("weight", [filters, x.shape[1], window.kernel, window.kernel], initializer);
    return this.labelled(() => conv2d(this.tape, x, weight, window));
  }

  /** Depthwise convolution without bias: x [N,C,H,W] → [N,C,H',W']. */
  depthwiseConv2d(x: Tensor, window: WindowOptions, initializer: Initializer): Tensor {
    const weight = this.parameter("weight", [x.shape[1], 1, window.kernel, window.kernel], initializer);
    return this.labelled(() => depthwiseConv2d(this.tape, x, weight, window));
  }

  /** Pointwise convolution: x [N,I,H,W] → [N,outputs,H,W]; `bias` draws the bias, absent: none. */
  pointwiseConv2d(x: Tensor, outputs: number, initializer: Initializer, bias?: Initializer): Tensor {
    const weight = this.parameter("weight", [outputs, x.shape[1], 1, 1], initializer);
    const offset = bias && this.parameter("bias", [outputs], bias);
    return this.labelled(() => pointwiseConv2d(this.tape, x, weight, offset));
  }

  /** Depthwise 3x3 convolution at stride 1 of every level of a packed pyramid, without bias. */
  pyramidDepthwiseConv2d(x: Tensor, levels: LevelSizes, initializer: Initializer): Tensor {
    const weight = this.parameter("weight", [x.shape[1], 1, 3, 3], initializer);
    return this.labelled(() => pyramidDepthwiseConv2d(this.tape, x, weight, levels));
  }

  /** The tensors of a batch norm, or of several, [norms, channels] each, whose names start with `norms`. */
  #normalization(channels: number, norms: readonly string[] = [""]): BatchNormTensors {
    const named = (name: string) => norms.map((norm) => norm + name);
    return {
      gamma: this.#vectors(named("weight"), channels, one),
      beta: this.#vectors(named("bias"), channels, zero),
      runningMean: this.#statistics(named("running_mean"), channels, zero),
      runningVariance: this.#statistics(named("running_var"), channels, one),
    };
  }

  /** Batch norms of each level's own, and the activation after them: a packed pyramid → the same shape. */
  pyramidBatchNorm(
    x: Tensor,
    levels: LevelSizes,
    { epsilon, momentum, activation = "none" }: NormalizationOptions,
  ): Tensor {
    const parameters = this.#normalization(
      x.shape[1],
      levels.map((_, level) => `${level}.bn.`),
    );
    const segments = levelEnds(levels).join();
    const options = { mode: this.mode.normalization, epsilon, momentum, activation, segments };
    return this.labelled(() => batchNorm(this.tape, x, parameters, options));
  }

  /** Batch normalisation, the activation after it, and a residual added to that: x [N,C,H,W] → [N,C,H,W]. */
  batchNorm(
    x: Tensor,
    { epsilon, momentum, activation = "none" }: NormalizationOptions,
    residual?: Tensor,
  ): Tensor {
    const parameters = this.#normalization(x.shape[1]);
    const options = { mode: this.mode.normalization, epsilon, momentum, activation };
    return this.labelled(() => batchNorm(this.tape, x, parameters, options, residual));
  }

  /**
   * Batch normalisation and activation, then squeeze-and-excite by the layers `gate`: x [N,C,H,W] → [N,C,H,W].
   * @param draw the initialiser of a weight with as many outputs.
   */
  batchNormSqueezeExcite(
    x: Tensor,
    { epsilon, momentum, activation = "none" }: NormalizationOptions,
    gate: Layers,
    squeezed: number,
    draw: (outputs: number) => Initializer,
  ): Tensor {
    const channels = x.shape[1];
    const parameters = this.#normalization(channels);
    const options = { mode: this.mode.normalization, epsilon, momentum, activation };
    const [reduce, expand] = [gate.at("conv_reduce"), gate.at("conv_expand")];
    const tensors = {
      reduceWeight: reduce.parameter("weight", [squeezed, channels, 1, 1], draw(squeezed)),
      reduceBias: reduce.parameter("bias", [squeezed], zero),
      expandWeight: expand.parameter("weight", [channels, squeezed, 1, 1], draw(channels)),
      expandBias: expand.parameter("bias", [channels], zero),
    };
    return this.labelled(() => batchNormSqueezeExcite(this.tape, x, parameters, options, tensors));
  }
}
