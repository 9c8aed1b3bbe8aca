import { chunkReduction } from "../../../kernels/chunks.ts";
import {
  type FuseParameters,
  fuse as fuseKernel,
  fuseParameters,
  resampleSource,
} from "../../../kernels/fuse.ts";
import { fuseGradInput } from "../../../kernels/fuseGradInput.ts";
import { fuseGradWeights } from "../../../kernels/fuseGradWeights.ts";
import type { Padding } from "../../../kernels/geometry.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface FuseOptions {
  readonly height: number;
  readonly width: number;
  /** Of the 3x3 pool that brings a larger map down. */
  readonly padding: Padding;
  /** Divide by the sum of the weights + 1e-4. */
  readonly normalized: boolean;
}

/**
 * BiFPN's node (arXiv 1911.09070, equation 5): one to three maps [N,C,h_i,w_i], each brought to [height, width] and
 * weighted by the ReLU of its entry of `weights` → [N,C,height,width].
 */
export function fuse(tape: Tape, inputs: readonly Tensor[], weights: Tensor, options: FuseOptions): Tensor {
  const { height, width, padding, normalized } = options;
  const [batch, channels] = inputs[0].shape;
  const sources = inputs.map(({ shape: [, , h, w] }) => resampleSource([h, w], [height, width], padding));
  const parameters = fuseParameters(batch * channels, [height, width], sources, normalized);
  const last = inputs[inputs.length - 1];
  const given = { x0: inputs[0], x1: inputs[1] ?? last, x2: inputs[2] ?? last, weights };
  return tape.apply(fuseKernel, parameters, given, { y: [batch, channels, height, width] }).y;
}

export const fusionGradients: GradientTable = {
  fuse(tape, { parameters, tensors }, { y: dy }, wants) {
    const p = parameters as FuseParameters;
    const { x0, x1, x2, weights } = tensors;
    const gradients: Record<string, Tensor> = {};
    for (let index = 0; index < p.count; index++) {
      const name = `x${index}`;
      if (!wants(name)) continue;
      const x = tensors[name];
      gradients[name] = tape.apply(fuseGradInput, { ...p, index }, { x, weights, dy }, { dx: x.shape }).dx;
    }
    if (wants("weights")) {
      const chunks = chunkReduction(elementCount(dy.shape));
      const { dweights } = tape.apply(fuseGradWeights, { ...p, ...chunks }, { x0, x1, x2, weights, dy });
      gradients.weights = dweights;
    }
    return gradients;
  },
};
