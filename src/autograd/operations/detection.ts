// Anchors against ground truth and against codes. Nothing here is differentiated.
import { assignAnchors as assignKernel } from "../../../kernels/assignAnchors.ts";
import { bestAnchors } from "../../../kernels/bestAnchors.ts";
import { decodeBoxes as decodeKernel } from "../../../kernels/decodeBoxes.ts";
import { elementCount } from "../../../kernels/kernel.ts";
import { positiveNormalizer } from "../../../kernels/positiveNormalizer.ts";
import type { Tape } from "../tape.ts";
import type { Tensor } from "../tensor.ts";

export interface AnchorTargets {
  /** i32 [N, A]: row of the ground truth, or −1. */
  readonly matches: Tensor;
  /** i32 [N, A]: class from 0, or −1 for background. */
  readonly classTargets: Tensor;
  /** f32 [N, A, 4]; 0 where there is no match. */
  readonly boxTargets: Tensor;
  /** [1]: matches of the whole batch + 1. */
  readonly normalizer: Tensor;
}

/**
 * Matches every anchor with ground truth, as google/automl and effdet do: IoU at least `threshold`, and every box
 * claims its best anchor.
 * @param anchors f32 [A, 4] @param boxes f32 [N, G, 4] @param classes i32 [N, G] from 1, negative where unused
 */
export function assignAnchors(
  tape: Tape,
  anchors: Tensor,
  boxes: Tensor,
  classes: Tensor,
  threshold = 0.5,
): AnchorTargets {
  const [batch, rows] = classes.shape;
  const parameters = { batch, boxes: rows, anchors: anchors.shape[0] };
  const { best } = tape.apply(bestAnchors, parameters, { anchors, boxes, classes });
  const given = { anchors, boxes, classes, best };
  const { matches, classTargets, boxTargets } = tape.apply(assignKernel, { ...parameters, threshold }, given);
  const { normalizer } = tape.apply(positiveNormalizer, { length: elementCount(matches.shape) }, { matches });
  return { matches, classTargets, boxTargets, normalizer };
}

/** codes [N, perPixel·4, 1, pixels] of packed levels → boxes [N, pixels·perPixel, 4] in pixels, in order pixel, anchor. */
export function decodeBoxes(tape: Tape, codes: Tensor, anchors: Tensor): Tensor {
  const [batch, channels, height, width] = codes.shape;
  const parameters = {
    batch,
    perPixel: channels / 4,
    pixels: height * width,
    anchors: anchors.shape[0],
  };
  return tape.apply(decodeKernel, parameters, { codes, anchors }).boxes;
}
