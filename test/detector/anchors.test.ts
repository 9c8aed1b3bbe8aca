import assert from "node:assert/strict";
import { test } from "node:test";
import { makeAnchors } from "../../src/detector/anchors.ts";
import { detectorConfig } from "../../src/detector/config.ts";
import { bitSum } from "../helpers/formula.ts";
import { type GoldenTensors, goldenValues, loadGolden } from "../helpers/goldens.ts";

interface AnchorAttributes {
  readonly image_size: readonly [height: number, width: number];
  readonly anchor_scale: number;
  /** Number of anchors. */
  readonly n: number;
  readonly u32sum: number;
}

const { tensors, attributes } = loadGolden<Record<string, AnchorAttributes>>("anchors");

/** The rows that the golden holds: indices and boxes. */
function goldenRows(name: string, all: GoldenTensors): { rows: ArrayLike<number>; boxes: Float64Array } {
  const whole = all.get(name);
  if (whole) return { rows: Array.from({ length: whole.shape[0] }, (_, row) => row), boxes: whole.values };
  return { rows: goldenValues(all, `${name}#idx`), boxes: goldenValues(all, `${name}#val`) };
}

for (const [name, { image_size, anchor_scale, n, u32sum }] of Object.entries(attributes))
  test(`anchors of ${name} bit for bit`, () => {
    const options = { numClasses: 1, inChannels: 1, anchorScale: anchor_scale };
    const anchors = makeAnchors(detectorConfig("d0", options), ...image_size);
    assert.equal(anchors.length, 4 * n);
    const { rows, boxes } = goldenRows(name, tensors);
    for (let k = 0; k < rows.length; k++)
      assert.deepEqual(
        [...anchors.subarray(4 * rows[k], 4 * rows[k] + 4)],
        [...boxes.subarray(4 * k, 4 * k + 4)],
        `anchor ${rows[k]}`,
      );
    assert.equal(bitSum(anchors), u32sum);
  });
