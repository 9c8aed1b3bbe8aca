import { type ActivationParameters, activation } from "../../../kernels/activation.ts";
import { activationGrad } from "../../../kernels/activationGrad.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import type { GradientTable, Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

function apply(tape: Tape, x: Tensor, kind: ActivationParameters["kind"]): Tensor {
  return tape.apply(activation, { length: elementCount(x.shape), kind }, { x }, { y: x.shape }).y;
}

/** 1 / (1 + exp(−x)). */
export const sigmoid = (tape: Tape, x: Tensor): Tensor => apply(tape, x, "sigmoid");

/** x · sigmoid(x) (arXiv 1710.05941). */
export const swish = (tape: Tape, x: Tensor): Tensor => apply(tape, x, "swish");

export const activationGradients: GradientTable = {
  activation: (tape, { parameters, tensors: { x } }, { y: dy }) => ({
    x: tape.apply(activationGrad, parameters as ActivationParameters, { x, dy }, { dx: x.shape }).dx,
  }),
};
