// Lesions as they are in the patient, and what else lies in a breast besides its tissue. Where a distribution has no source
// named, it is ours.
import type { BreastShape } from "../../kernels/breastTissue.ts";
import { depthBelowSkin } from "../../kernels/breastTissue.ts";
import type { RandomStream } from "../base/random.ts";
import type { MassForm } from "./lesionShapes.ts";
import { attenuation } from "./materials.ts";

export const pathologies = ["benign", "malignant"] as const;
export type Pathology = (typeof pathologies)[number];

export interface MassPlan {
  readonly type: "mass";
  readonly pathology: Pathology;
  readonly form: MassForm;
  /** Mean radius in mm. */
  readonly radius: number;
  /** Attenuation as a multiple of gland's. */
  readonly densityRatio: number;
}

export interface DistortionPlan {
  readonly type: "distortion";
  readonly pathology: Pathology;
  /** Of the spicules, mm. */
  readonly radius: number;
  /** Share by which the texture at the centre is drawn together. */
  readonly pull: number;
}

export interface ClusterPlan {
  readonly type: "calcification";
  readonly pathology: Pathology;
  readonly specks: number;
  /** Radius in mm of the ball that the specks lie in. */
  readonly radius: number;
  /** Median radius of a speck in mm, and the factor of one standard deviation. */
  readonly speckRadius: number;
  readonly spread: number;
  /** Attenuation as a multiple of calcium oxalate's. */
  readonly densityRatio: number;
  /** Whether the specks follow a duct rather than fill the ball. */
  readonly linear: boolean;
}

/** A lesion as it is in the patient; each view sees it in its own place and turned anew. */
export type LesionPlan = MassPlan | DistortionPlan | ClusterPlan;
export const lesionTypes = ["mass", "calcification", "distortion"] as const;
export type LesionType = (typeof lesionTypes)[number];

/** Draws one of some names by their shares, of sum 1. */
function pick<Name extends string>(shares: Readonly<Record<Name, number>>, stream: RandomStream): Name {
  let left = stream.nextUniform();
  const names = Object.keys(shares) as Name[];
  for (const name of names) {
    if (left < shares[name]) return name;
    left -= shares[name];
  }
  return names[names.length - 1];
}

const logUniform = (low: number, high: number, stream: RandomStream): number =>
  Math.exp(stream.nextUniform(Math.log(low), Math.log(high)));

/** Margins of benign and malignant masses overlap; spiculation is what tells them apart most (BI-RADS). */
const formShares: Readonly<Record<Pathology, Readonly<Record<MassForm, number>>>> = {
  benign: { oval: 0.5, lobular: 0.4, spiculated: 0.1 },
  malignant: { oval: 0.1, lobular: 0.35, spiculated: 0.55 },
};

/** Radii and density ratios of VICTRE's and T-SYNTH's masses: 2.5, 5, 7 and 9 mm; 1.0, 1.06 and 1.1 of gland. */
function drawMass(pathology: Pathology, stream: RandomStream): MassPlan {
  const form = pick(formShares[pathology], stream);
  const radius = logUniform(2.5, form === "spiculated" ? 6 : 9, stream);
  return { type: "mass", pathology, form, radius, densityRatio: stream.nextUniform(1, 1.1) };
}

const drawDistortion = (pathology: Pathology, stream: RandomStream): DistortionPlan => ({
  type: "distortion",
  pathology,
  radius: pathology === "malignant" ? stream.nextUniform(5, 9) : stream.nextUniform(4, 8),
  pull: pathology === "malignant" ? stream.nextUniform(0.35, 0.6) : stream.nextUniform(0.25, 0.5),
});

/**
 * Mean diameters of specks: 188 µm benign, 213 to 324 µm in cancers, there with a second mode above (domain literature on
 * histology). Counts from VICTRE's 4 on; hydroxyapatite, of cancers, is two to three times as dense as calcium oxalate.
 */
function drawCluster(pathology: Pathology, stream: RandomStream): ClusterPlan {
  const malignant = pathology === "malignant";
  return {
    type: "calcification",
    pathology,
    specks: malignant ? 6 + stream.nextInteger(13) : 4 + stream.nextInteger(9),
    radius: malignant ? stream.nextUniform(2, 5) : stream.nextUniform(1.5, 3.5),
    speckRadius: malignant ? logUniform(0.1, 0.2, stream) : logUniform(0.08, 0.15, stream),
    spread: malignant ? 1.45 : 1.2,
    densityRatio: malignant ? stream.nextUniform(1.5, 3) : stream.nextUniform(1, 2),
    linear: stream.nextUniform() < (malignant ? 0.4 : 0.1),
  };
}

export function drawLesionPlan(type: LesionType, stream: RandomStream): LesionPlan {
  // A distortion without a mass is cancer more often than not; the others are drawn evenly.
  const pathology = stream.nextUniform() < (type === "distortion" ? 0.65 : 0.5) ? "malignant" : "benign";
  if (type === "mass") return drawMass(pathology, stream);
  return type === "distortion" ? drawDistortion(pathology, stream) : drawCluster(pathology, stream);
}

/** A sphere that is projected as it is, beside the voxels. */
export interface Sphere {
  /** Centre and radius in mm. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly radius: number;
  /** Attenuation above what it replaces, 1/mm. */
  readonly excess: number;
}

/** The region that things are placed in: width and height in mm, and the breast. */
export interface Region {
  readonly width: number;
  readonly height: number;
  readonly breast: BreastShape;
}

export type Point = readonly [x: number, y: number, z: number];

/** Distance kept from the image's borders and the skin's surface, mm. */
const clearance = 2.5;

/** Whether a ball lies within the image and beneath the skin. */
function fits([x, y, z]: Point, radius: number, { width, height, breast }: Region): boolean {
  const reach = radius + clearance;
  const { thickness } = breast;
  if (x < reach || x > width - reach || y < reach || y > height - reach) return false;
  if (Math.abs(z) > thickness / 2 - Math.min(reach, thickness / 4)) return false;
  return depthBelowSkin(breast, [x, y, z], 0, 0.01).depth > reach;
}

/** A ball placed at random, apart from others in the picture; nothing when there is no room. */
export function placeBall(
  radius: number,
  region: Region,
  taken: readonly { readonly center: Point; readonly radius: number }[],
  stream: RandomStream,
): Point | undefined {
  for (let attempt = 0; attempt < 300; attempt++) {
    const center: Point = [
      stream.nextUniform(0, region.width),
      stream.nextUniform(0, region.height),
      stream.nextUniform(-0.5, 0.5) * region.breast.thickness,
    ];
    const apart = taken.every(
      (other) => Math.hypot(center[0] - other.center[0], center[1] - other.center[1]) > radius + other.radius,
    );
    if (apart && fits(center, radius, region)) return center;
  }
  return undefined;
}

/** What calcium oxalate, so many times as dense, adds to the tissue that it replaces. */
const calciumExcess = (densityRatio: number): number =>
  densityRatio * attenuation.calcification - attenuation.gland;

/** A point in a ball, uniform by volume. */
function pointInBall([x, y, z]: Point, radius: number, stream: RandomStream): Point {
  const height = stream.nextUniform(-1, 1);
  const angle = stream.nextUniform(0, 2 * Math.PI);
  const distance = radius * Math.cbrt(stream.nextUniform());
  const across = distance * Math.sqrt(1 - height * height);
  return [x + across * Math.cos(angle), y + across * Math.sin(angle), z + distance * height];
}

/** A point near a line through a ball's middle, as along a duct. */
function pointOnLine([x, y, z]: Point, radius: number, angle: number, stream: RandomStream): Point {
  const along = radius * stream.nextUniform(-1, 1);
  const [dx, dy, dz] = [0, 1, 2].map(() => 0.12 * radius * stream.nextNormal());
  return [x + along * Math.cos(angle) + dx, y + along * Math.sin(angle) + dy, z + dz];
}

/** Specks of one cluster, their radii lognormal about the plan's median. */
export function drawSpecks(plan: ClusterPlan, center: Point, stream: RandomStream): Sphere[] {
  const angle = stream.nextUniform(0, Math.PI);
  return Array.from({ length: plan.specks }, () => {
    const [x, y, z] = plan.linear
      ? pointOnLine(center, plan.radius, angle, stream)
      : pointInBall(center, plan.radius, stream);
    const radius = plan.speckRadius * plan.spread ** Math.min(Math.max(stream.nextNormal(), -2), 2);
    return { x, y, z, radius, excess: calciumExcess(plan.densityRatio) };
  });
}

/** A vessel: spheres along a smoothly bending line, which together hold the volume of its tube. */
function drawVessel({ width, height, breast }: Region, stream: RandomStream): Sphere[] {
  const radius = stream.nextUniform(0.4, 0.9);
  let [x, y] = [stream.nextUniform(0, width), stream.nextUniform(0, height)];
  let z = stream.nextUniform(-0.4, 0.4) * breast.thickness;
  let heading = stream.nextUniform(-0.9, 0.9) + (stream.nextUniform() < 0.5 ? 0 : Math.PI);
  const climb = stream.nextUniform(-0.2, 0.2);
  const step = radius / 2;
  const length = stream.nextUniform(15, 35);
  // A sphere of excess e each step adds e·(4/3)πr³ where the tube adds e'·πr²·step.
  const excess = ((attenuation.gland - attenuation.adipose) * 3 * step) / (4 * radius);
  const spheres: Sphere[] = [];
  for (let at = 0; at < length; at += step) {
    spheres.push({ x, y, z, radius, excess });
    heading += 0.06 * stream.nextNormal();
    x += step * Math.cos(heading);
    y += step * Math.sin(heading);
    z += step * climb;
  }
  return spheres.filter(
    (sphere) =>
      Math.abs(sphere.z) < 0.48 * breast.thickness &&
      depthBelowSkin(breast, [sphere.x, sphere.y, sphere.z], 0, 0.01).depth > 2,
  );
}

/** Vessels and single benign calcifications, in breasts with lesions and without. */
export function drawDistractors(region: Region, stream: RandomStream): Sphere[] {
  const vessels = Array.from({ length: stream.nextInteger(3) }, () => drawVessel(region, stream)).flat();
  const singles = Array.from({ length: stream.nextInteger(3) }, (): Sphere[] => {
    const radius = stream.nextUniform(0.12, 0.3);
    const center = placeBall(radius, region, [], stream);
    return center ? [{ x: center[0], y: center[1], z: center[2], radius, excess: calciumExcess(1) }] : [];
  });
  return [...singles.flat(), ...vessels];
}
