// The gradient of every operation, by its kernel's name.
import { activationGradients } from "./operations/activation.ts";
import { arithmeticGradients } from "./operations/arithmetic.ts";
import { concatenationGradients } from "./operations/concatenation.ts";
import { convolutionGradients } from "./operations/convolution.ts";
import { dropConnectGradients } from "./operations/dropConnect.ts";
import { fusionGradients } from "./operations/fusion.ts";
import { gatingGradients } from "./operations/gating.ts";
import { lossGradients } from "./operations/losses.ts";
import { normalizationGradients } from "./operations/normalization.ts";
import { pyramidGradients } from "./operations/pyramid.ts";
import { reductionGradients } from "./operations/reduction.ts";
import type { GradientTable } from "./tape.ts";

export const gradientTable: GradientTable = {
  ...activationGradients,
  ...arithmeticGradients,
  ...concatenationGradients,
  ...convolutionGradients,
  ...dropConnectGradients,
  ...fusionGradients,
  ...gatingGradients,
  ...lossGradients,
  ...normalizationGradients,
  ...pyramidGradients,
  ...reductionGradients,
};
