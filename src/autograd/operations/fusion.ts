import {
  type FuseParameters,
  fuse as fuseKernel,
  fuseParameters,
  resampleSource,
} from "../../../kernels/fuse.ts";
import { fuseGradInput, withAddends } from "../../../kernels/fuseGradInput.ts";
import { fuseGradSum, withChunks } from "../../../kernels/fuseGradSum.ts";
import type { Padding } from "../../../kernels/geometry.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface FuseOptions {
  readonly height: number;
  readonly width: number;
  /** Of the 3x3 pool that brings a larger map down. */
  readonly padding: Padding;
  /** Divide by the sum of the weights + 1e-4. */
  readonly normalized: boolean;
  readonly activation?: "none" | "swish";
}

/**
 * BiFPN's node (arXiv 1911.09070, equation 5): one to three maps [N,C,h_i,w_i], each brought to [height, width] and
 * weighted by the ReLU of its entry of `weights`, and the activation of their sum → [N,C,height,width].
 */
export function fuse(tape: Tape, inputs: readonly Tensor[], weights: Tensor, options: FuseOptions): Tensor {
  const { height, width, padding, normalized, activation = "none" } = options;
  const [batch, channels] = inputs[0].shape;
  const sources = inputs.map(({ shape: [, , h, w] }) => resampleSource([h, w], [height, width], padding));
  const flags = { normalized, swish: activation === "swish" };
  const parameters = fuseParameters(batch * channels, [height, width], sources, flags);
  const [x0, x1 = tape.zeros(1), x2 = tape.zeros(1)] = inputs;
  const shapes = { y: [batch, channels, height, width] };
  return tape.apply(fuseKernel, parameters, { x0, x1, x2, weights }, shapes).y;
}

export const fusionGradients: GradientTable = {
  fuse(tape, { parameters, tensors }, { y: dy }, wants, addend) {
    const p = parameters as FuseParameters;
    const { x0, x1, x2, weights } = tensors;
    const { dz, taken, dweights } = tape.apply(fuseGradSum, withChunks(p), { x0, x1, x2, weights, dy });
    const names = ["x0", "x1", "x2"].slice(0, p.count);
    const gradients: Record<string, Tensor> = wants("weights") ? { weights: dweights } : {};
    if (!names.some(wants)) return gradients;
    const earlier = names.map((name) => (wants(name) ? addend(name) : undefined));
    const [addend0 = tape.zeros(1), addend1 = tape.zeros(1), addend2 = tape.zeros(1)] = earlier;
    const shapes = Object.fromEntries(names.map((name, index) => [`dx${index}`, tensors[name].shape]));
    const given = { weights, dz, taken, addend0, addend1, addend2 };
    const written = tape.apply(fuseGradInput, withAddends(p, earlier.map(Boolean)), given, shapes);
    for (const [index, name] of names.entries()) if (wants(name)) gradients[name] = written[`dx${index}`];
    return gradients;
  },
};
