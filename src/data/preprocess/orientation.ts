// Which way a mammogram lies, by its own account and by its tissue. All are turned alike: chest wall at the left, head
// or lateral side on top, so that a right breast looks like a left one.
import type { GrayImage } from "../grayImage.ts";
import type { ChestSide } from "./breast.ts";

/** What to mirror. */
export interface Turn {
  /** Left for right. */
  readonly columns: boolean;
  /** Top for bottom. */
  readonly rows: boolean;
}

export interface Orientation extends Turn {
  /** Where the file and the picture contradict each other. */
  readonly warning?: string;
}

/** Rows that lead towards the front of the body start at the chest wall. */
function recordedSide({ orientation }: GrayImage): ChestSide | undefined {
  const direction = orientation?.[0][0];
  if (direction === "A") return "left";
  return direction === "P" ? "right" : undefined;
}

/**
 * Whether the columns lead up, or away from the breast's own side. Only a direction that is purely left or right says
 * the latter: in oblique views it is written behind the foot's or the head's.
 */
function isUpsideDown({ orientation, laterality }: GrayImage): boolean {
  const direction = orientation?.[1] ?? "";
  return direction.startsWith("H") || (laterality !== undefined && direction === laterality);
}

/**
 * What to mirror. Where the recorded orientation puts the chest wall at one side and the tissue touches the other, the
 * tissue decides, because a header can be wrong or left over from before a viewer has flipped the picture, and pixels cannot.
 * @param tissue the side that the tissue touches.
 * @param file names the image in the warning.
 */
export function orientationOf(image: GrayImage, tissue: ChestSide | undefined, file: string): Orientation {
  const recorded = recordedSide(image);
  const turn = { columns: (tissue ?? recorded) === "right", rows: isUpsideDown(image) };
  if (!tissue || !recorded || tissue === recorded) return turn;
  const written = image.orientation?.join("\\");
  return {
    ...turn,
    warning: `${file}: PatientOrientation ${written} puts the chest wall at the ${recorded}, the tissue touches the ${tissue} side; turned by the tissue, because a header can be wrong and pixels cannot`,
  };
}
