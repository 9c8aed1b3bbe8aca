import { type DetectorConfig, levelSizes } from "./config.ts";

export const anchorsPerCell = 9;
const octaves = 3;
/** Width and height factors. */
const aspects = [
  [1, 1],
  [1.4, 0.7],
  [0.7, 1.4],
] as const;

/**
 * Anchor boxes of every level: level, y, x, octave, aspect (effdet's order). Size = scale · stride · 2^(octave/3),
 * stride = image / level size, centres at (i + ½) · stride; not clipped.
 * @returns [A, 4] float32: yMin, xMin, yMax, xMax in pixels.
 */
export function makeAnchors(
  config: DetectorConfig,
  height: number,
  width: number,
): Float32Array<ArrayBuffer> {
  const sizes = levelSizes(config, height, width);
  const cells = sizes.reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const anchors = new Float32Array(cells * anchorsPerCell * 4);
  let at = 0;
  for (const [rows, columns] of sizes) {
    const strideY = height / rows;
    const strideX = width / columns;
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++)
        for (let octave = 0; octave < octaves; octave++)
          for (const [aspectX, aspectY] of aspects) {
            const scale = config.anchorScale * 2 ** (octave / octaves);
            const halfWidth = (scale * strideX * aspectX) / 2;
            const halfHeight = (scale * strideY * aspectY) / 2;
            const centerY = (row + 0.5) * strideY;
            const centerX = (column + 0.5) * strideX;
            anchors[at++] = centerY - halfHeight;
            anchors[at++] = centerX - halfWidth;
            anchors[at++] = centerY + halfHeight;
            anchors[at++] = centerX + halfWidth;
          }
  }
  return anchors;
}
