// The gradient of every operation, by its kernel's name.
import { arithmeticGradients } from "./operations/arithmetic.ts";
import { convolutionGradients } from "./operations/convolution.ts";
import type { GradientTable } from "./tape.ts";

export const gradientTable: GradientTable = { ...arithmeticGradients, ...convolutionGradients };
