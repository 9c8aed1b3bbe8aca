// The FFDM of a pair moved against its SM, as a breast that moved between two exposures would be: what training has to bear.
import type { Box } from "../base/boxes.ts";
import type { RandomStream } from "../base/random.ts";
import { affineOf, invertAffine, moveImage, transformBox } from "./affine.ts";
import type { PreparedPair } from "./preprocess.ts";

/** How far a pair's images are apart; the direction and the signs are drawn a pair. */
export interface MisregisterOptions {
  /** Distance, mm. */
  readonly shift: number;
  /** About the image's centre, degrees. */
  readonly rotation: number;
  /** Magnification above or below 1. */
  readonly scale: number;
  /** Root mean square of a displacement that waves over 20 mm, along each axis, mm. */
  readonly local: number;
}

const waveMm = 20;

/** One draw, in pixels. */
interface Displacement {
  readonly affine: ReturnType<typeof affineOf>;
  /** What is added to a point (y, x) after the affine. */
  local(y: number, x: number): readonly [dy: number, dx: number];
}

function drawDisplacement(
  { shift, rotation, scale, local }: MisregisterOptions,
  stream: RandomStream,
  height: number,
  width: number,
  spacing: number,
): Displacement {
  const direction = stream.nextUniform(0, 2 * Math.PI);
  const sign = () => (stream.nextUniform() < 0.5 ? -1 : 1);
  const distance = shift / spacing;
  const affine = affineOf(
    {
      flip: false,
      scale: (1 + scale) ** sign(),
      shiftY: (distance * Math.sin(direction)) / height,
      shiftX: (distance * Math.cos(direction)) / width,
      rotation: sign() * rotation,
    },
    height,
    width,
  );
  const waves = [0, 1].map(() => ({
    angle: stream.nextUniform(0, 2 * Math.PI),
    phase: stream.nextUniform(0, 2 * Math.PI),
  }));
  const [amplitude, frequency] = [(Math.SQRT2 * local) / spacing, (2 * Math.PI * spacing) / waveMm];
  return {
    affine,
    local: (y, x) => {
      const [dy, dx] = waves.map(({ angle, phase }) => {
        const along = y * Math.sin(angle) + x * Math.cos(angle);
        return amplitude * Math.sin(frequency * along + phase);
      });
      return [dy, dx];
    },
  };
}

/** The point that the wave brings to (y, x), by fixed-point iteration: a wave of 1 mm bends by a third a step at most. */
function beforeWave(local: Displacement["local"], y: number, x: number): readonly [number, number] {
  let [fromY, fromX] = [y, x];
  for (let step = 0; step < 4; step++) {
    const [dy, dx] = local(fromY, fromX);
    [fromY, fromX] = [y - dy, x - dx];
  }
  return [fromY, fromX];
}

/**
 * Moves the FFDM and its boxes; the SM stays. A box may come to lie outside: who shows the pair clips it.
 * @param spacing side of the grid's pixel, mm.
 */
export function misregisterPair(
  pair: PreparedPair,
  options: MisregisterOptions,
  stream: RandomStream,
  height: number,
  width: number,
  spacing: number,
): PreparedPair {
  const { affine, local } = drawDisplacement(options, stream, height, width, spacing);
  const inverse = invertAffine(affine);
  const ffdm = moveImage(pair.ffdm, height, width, (y, x) => {
    const [fromY, fromX] = beforeWave(local, y, x);
    return [
      inverse.yy * fromY + inverse.yx * fromX + inverse.y0,
      inverse.xy * fromY + inverse.xx * fromX + inverse.x0,
    ];
  });
  const moveBox = (box: Box): Box => {
    const [yMin, xMin, yMax, xMax] = transformBox(box, affine);
    const [dy, dx] = local((yMin + yMax) / 2, (xMin + xMax) / 2);
    return [yMin + dy, xMin + dx, yMax + dy, xMax + dx];
  };
  return { ...pair, ffdm, ffdmBoxes: pair.ffdmBoxes.map(moveBox) };
}
