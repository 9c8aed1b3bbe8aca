// Every kernel. Tests, benchmarks, the tuner, the profiler and the kernel table iterate over this list.
import { activation } from "./activation.ts";
import { activationGrad } from "./activationGrad.ts";
import { adamw } from "./adamw.ts";
import { add } from "./add.ts";
import { assignAnchors } from "./assignAnchors.ts";
import { automaticExposure } from "./automaticExposure.ts";
import { backProject } from "./backProject.ts";
import { batchNorm } from "./batchNorm.ts";
import { batchNormGrad } from "./batchNormGrad.ts";
import { batchNormGradInput } from "./batchNormGradInput.ts";
import { batchNormGradSums } from "./batchNormGradSums.ts";
import { batchNormMoments } from "./batchNormMoments.ts";
import { batchNormPool } from "./batchNormPool.ts";
import { batchNormStatistics } from "./batchNormStatistics.ts";
import { batchNormTraining } from "./batchNormTraining.ts";
import { bestAnchors } from "./bestAnchors.ts";
import { breastMask } from "./breastMask.ts";
import { breastTissue } from "./breastTissue.ts";
import { broadcastLeading } from "./broadcastLeading.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { conv2dBatchNorm } from "./conv2dBatchNorm.ts";
import { conv2dGradInput } from "./conv2dGradInput.ts";
import { conv2dGradWeight } from "./conv2dGradWeight.ts";
import { copy } from "./copy.ts";
import { cosineDistance } from "./cosineDistance.ts";
import { cosineDistanceGrad } from "./cosineDistanceGrad.ts";
import { decodeBoxes } from "./decodeBoxes.ts";
import { dense } from "./dense.ts";
import { denseGrad } from "./denseGrad.ts";
import { depthwiseConv2d } from "./depthwiseConv2d.ts";
import { depthwiseConv2dBatchNorm } from "./depthwiseConv2dBatchNorm.ts";
import { depthwiseConv2dGradInput } from "./depthwiseConv2dGradInput.ts";
import { depthwiseConv2dGradWeight } from "./depthwiseConv2dGradWeight.ts";
import { dropConnect } from "./dropConnect.ts";
import { equaliseThickness } from "./equaliseThickness.ts";
import { exponentialAverage } from "./exponentialAverage.ts";
import { filterLines } from "./filterLines.ts";
import { focalLoss } from "./focalLoss.ts";
import { focalLossGrad } from "./focalLossGrad.ts";
import { foldBatchNorm } from "./foldBatchNorm.ts";
import { fuse } from "./fuse.ts";
import { fuseGradInput } from "./fuseGradInput.ts";
import { fuseGradSum } from "./fuseGradSum.ts";
import { gatedSum } from "./gatedSum.ts";
import { gatedSumGrad } from "./gatedSumGrad.ts";
import { globalAveragePool } from "./globalAveragePool.ts";
import { huberLoss } from "./huberLoss.ts";
import { huberLossGrad } from "./huberLossGrad.ts";
import type { Kernel } from "./kernel.ts";
import { maximumProjection } from "./maximumProjection.ts";
import { multiplyAdd } from "./multiplyAdd.ts";
import { pointwiseConv2d } from "./pointwiseConv2d.ts";
import { pointwiseConv2dBatchNorm } from "./pointwiseConv2dBatchNorm.ts";
import { pointwiseConv2dGradWeight } from "./pointwiseConv2dGradWeight.ts";
import { positiveNormalizer } from "./positiveNormalizer.ts";
import { projectSpheres } from "./projectSpheres.ts";
import { projectVolume } from "./projectVolume.ts";
import { pyramidDepthwiseConv2d } from "./pyramidDepthwiseConv2d.ts";
import { pyramidDepthwiseConv2dGradWeight } from "./pyramidDepthwiseConv2dGradWeight.ts";
import { readOut } from "./readOut.ts";
import { refineField } from "./refineField.ts";
import { sgd } from "./sgd.ts";
import { shellFilter } from "./shellFilter.ts";
import { slice } from "./slice.ts";
import { squaredDifference } from "./squaredDifference.ts";
import { squaredDifferenceGrad } from "./squaredDifferenceGrad.ts";
import { sumChannels } from "./sumChannels.ts";
import { sumLeading } from "./sumLeading.ts";
import { sumOfSquares } from "./sumOfSquares.ts";
import { transmit } from "./transmit.ts";

export const registry: readonly Kernel[] = [
  activation,
  activationGrad,
  adamw,
  add,
  assignAnchors,
  automaticExposure,
  backProject,
  batchNorm,
  batchNormGrad,
  batchNormGradInput,
  batchNormGradSums,
  batchNormMoments,
  batchNormPool,
  batchNormStatistics,
  batchNormTraining,
  bestAnchors,
  breastMask,
  breastTissue,
  broadcastLeading,
  concat,
  conv2d,
  conv2dBatchNorm,
  conv2dGradInput,
  conv2dGradWeight,
  copy,
  cosineDistance,
  cosineDistanceGrad,
  decodeBoxes,
  dense,
  denseGrad,
  depthwiseConv2d,
  depthwiseConv2dBatchNorm,
  depthwiseConv2dGradInput,
  depthwiseConv2dGradWeight,
  dropConnect,
  equaliseThickness,
  exponentialAverage,
  filterLines,
  focalLoss,
  focalLossGrad,
  foldBatchNorm,
  fuse,
  fuseGradInput,
  fuseGradSum,
  gatedSum,
  gatedSumGrad,
  globalAveragePool,
  huberLoss,
  huberLossGrad,
  maximumProjection,
  multiplyAdd,
  pointwiseConv2d,
  pointwiseConv2dBatchNorm,
  pointwiseConv2dGradWeight,
  positiveNormalizer,
  projectSpheres,
  projectVolume,
  pyramidDepthwiseConv2d,
  pyramidDepthwiseConv2dGradWeight,
  readOut,
  refineField,
  sgd,
  shellFilter,
  slice,
  squaredDifference,
  squaredDifferenceGrad,
  sumChannels,
  sumLeading,
  sumOfSquares,
  transmit,
];
