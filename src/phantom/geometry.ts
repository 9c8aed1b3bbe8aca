// Where source and detector are, in the frame of grid.ts.
import { type Frame, magnification, packFrame } from "../../kernels/coneBeam.ts";
import type { VoxelGrid } from "./grid.ts";
import { binsOf, type System } from "./systems.ts";

/** A tube's angle to the vertical in degrees, one a view, symmetric about it. */
export function anglesOf({ views, span }: Pick<System, "views" | "span">): number[] {
  return Array.from({ length: views }, (_, i) => (views > 1 ? span * (i / (views - 1) - 0.5) : 0));
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** A breast of a thickness on a system's detector. */
export function frameOf({ sourceToDetector, airGap }: System, grid: VoxelGrid, thickness: number): Frame {
  const detector = -(thickness / 2 + airGap);
  return {
    thickness,
    detector,
    vertical: detector + sourceToDetector,
    middle: (grid.rows * grid.spacing) / 2,
  };
}

/** Geometric magnification at the detector of what lies at mid-height. */
export const magnificationOf = (system: System, grid: VoxelGrid, thickness: number): number =>
  magnification(frameOf(system, grid, thickness));

/** Sources of a frame's views as the kernels read them, [views, 4]: the tube turns about its pivot. */
export function sourcesOf(system: System, frame: Frame, angles: readonly number[]): Float32Array {
  const { sourceToDetector, pivot } = system;
  const arm = sourceToDetector - pivot;
  return Float32Array.from(
    angles.flatMap((degrees) => [
      0,
      frame.middle + arm * Math.sin(radians(degrees)),
      frame.detector + pivot + arm * Math.cos(radians(degrees)),
      0,
    ]),
  );
}

export const verticalSource = (frame: Frame): Float32Array =>
  Float32Array.of(0, frame.middle, frame.vertical, 0);

export const frameInput = (frame: Frame): Float32Array => Float32Array.from(packFrame(frame));

/** Length of a view's rays for each millimetre of height, at the middle of the image. */
export const slantsOf = (angles: readonly number[]): number[] =>
  angles.map((degrees) => 1 / Math.cos(radians(degrees)));

/**
 * Rows of the detector, in its own bins, that oblique rays need beyond the image on either side for breasts up to a thickness,
 * and two to interpolate in.
 */
export function detectorMargin(system: System, spacing: number, thickness: number): number {
  const shift = (thickness / 2) * Math.tan(radians(system.span / 2));
  return Math.ceil(shift / (spacing * binsOf(system, spacing))) + 2;
}
