// What may lie in a breast besides its tissue: lesions, and harmless things that look a little like them.
import type { RandomStream } from "../base/random.ts";
import type { Bead } from "./beads.ts";
import { type Outline, surfaceAt } from "./breast.ts";
import { drawMassShape, type MassForm, type MassShape, massForms, massReach } from "./masses.ts";
import { attenuation } from "./materials.ts";

export interface MassPlan {
  readonly type: "mass";
  readonly form: MassForm;
  /** Mean radius in mm. */
  readonly radius: number;
  /** Attenuation as a multiple of gland's. */
  readonly densityRatio: number;
}

export interface ClusterPlan {
  readonly type: "calcification";
  readonly specks: number;
  /** Radius in mm of the ball that the specks lie in. */
  readonly radius: number;
  /** Median radius of a speck in mm. */
  readonly speckRadius: number;
}

/** A lesion as it is in the patient; each view sees it in its own place and turned anew. */
export type LesionPlan = MassPlan | ClusterPlan;
export const lesionTypes = ["mass", "calcification"] as const;
export type LesionType = (typeof lesionTypes)[number];

export function drawLesionPlan(type: LesionType, stream: RandomStream): LesionPlan {
  if (type === "mass") {
    const form = massForms[stream.nextInteger(massForms.length)];
    const radius = form === "spiculated" ? stream.nextUniform(2.5, 4.5) : stream.nextUniform(3, 6);
    return { type, form, radius, densityRatio: stream.nextUniform(1, 1.1) };
  }
  const specks = 5 + stream.nextInteger(11);
  return {
    type,
    specks,
    radius: stream.nextUniform(1.8, 3.5),
    speckRadius: Math.exp(stream.nextUniform(Math.log(0.12), Math.log(0.22))),
  };
}

/** The region that things are placed in, mm. */
export interface Region {
  readonly width: number;
  readonly height: number;
  readonly thickness: number;
  readonly outline?: Outline;
}

type Point = readonly [x: number, y: number, z: number];

/** Distance kept from the image's borders and the skin, mm. */
const clearance = 1;

/** Whether a ball lies within the image and beneath the skin. */
function fits([x, y, z]: Point, radius: number, { width, height, thickness, outline }: Region): boolean {
  const reach = radius + clearance;
  if (x < reach || x > width - reach || y < reach || y > height - reach) return false;
  if (Math.abs(z) > thickness / 2 - Math.min(reach, thickness / 4)) return false;
  if (!outline) return true;
  return [-reach, 0, reach].every((dy) => x + reach < surfaceAt(outline, y + dy, z, thickness));
}

/**
 * A place for a ball, apart from the balls already placed (as seen from above).
 * @returns undefined where none is found in 200 tries.
 */
function placeBall(
  radius: number,
  region: Region,
  taken: readonly { centre: Point; radius: number }[],
  stream: RandomStream,
): Point | undefined {
  for (let attempt = 0; attempt < 200; attempt++) {
    const centre: Point = [
      stream.nextUniform(0, region.width),
      stream.nextUniform(0, region.height),
      stream.nextUniform(-0.5, 0.5) * region.thickness,
    ];
    const apart = taken.every(
      (other) => Math.hypot(centre[0] - other.centre[0], centre[1] - other.centre[1]) > radius + other.radius,
    );
    if (apart && fits(centre, radius, region)) return centre;
  }
  return undefined;
}

/** What calcium adds to the tissue that it replaces. */
const calciumExcess = attenuation.calcification - attenuation.gland;

/** A point in a ball, uniform by volume. */
function pointInBall([x, y, z]: Point, radius: number, stream: RandomStream): Point {
  const height = stream.nextUniform(-1, 1);
  const angle = stream.nextUniform(0, 2 * Math.PI);
  const distance = radius * Math.cbrt(stream.nextUniform());
  const across = distance * Math.sqrt(1 - height * height);
  return [x + across * Math.cos(angle), y + across * Math.sin(angle), z + distance * height];
}

/** Specks of one cluster: radii lognormal (factor 1.25) about the plan's median. */
export function drawSpecks(plan: ClusterPlan, centre: Point, stream: RandomStream): Bead[] {
  return Array.from({ length: plan.specks }, () => {
    const [x, y, z] = pointInBall(centre, plan.radius, stream);
    const radius = plan.speckRadius * 1.25 ** Math.min(Math.max(stream.nextNormal(), -2), 2);
    return { x, y, z, radius, excess: calciumExcess };
  });
}

/** A vessel: beads along a smoothly bending line, which together hold the volume of its tube. */
function drawVessel(region: Region, stream: RandomStream): Bead[] {
  const radius = stream.nextUniform(0.4, 0.9);
  let [x, y] = [stream.nextUniform(0, region.width), stream.nextUniform(0, region.height)];
  let z = stream.nextUniform(-0.4, 0.4) * region.thickness;
  let heading = stream.nextUniform(-0.9, 0.9) + (stream.nextUniform() < 0.5 ? 0 : Math.PI);
  const climb = stream.nextUniform(-0.2, 0.2);
  const step = radius / 2;
  const length = stream.nextUniform(15, 35);
  // A bead of excess e each step adds e·(4/3)πr³ where the tube adds e'·πr²·step.
  const excess = ((attenuation.gland - attenuation.adipose) * 3 * step) / (4 * radius);
  const beads: Bead[] = [];
  for (let at = 0; at < length; at += step) {
    beads.push({ x, y, z, radius, excess });
    heading += 0.06 * stream.nextNormal();
    x += step * Math.cos(heading);
    y += step * Math.sin(heading);
    z += step * climb;
  }
  const { outline, thickness } = region;
  return beads.filter(
    (bead) =>
      Math.abs(bead.z) < 0.48 * thickness &&
      (!outline || bead.x + 2 < surfaceAt(outline, bead.y, bead.z, thickness)),
  );
}

/** Vessels and single benign calcifications, in breasts with lesions and without. */
export function drawDistractors(region: Region, stream: RandomStream): Bead[] {
  const vessels = Array.from({ length: stream.nextInteger(3) }, () => drawVessel(region, stream));
  const beads = vessels.flat();
  const singles = stream.nextInteger(3);
  for (let i = 0; i < singles; i++) {
    const radius = stream.nextUniform(0.12, 0.3);
    const centre = placeBall(radius, region, [], stream);
    if (centre) beads.push({ x: centre[0], y: centre[1], z: centre[2], radius, excess: calciumExcess });
  }
  return beads;
}

/** A lesion's body: a mass's shape, or the ball that a cluster's specks lie in. */
export interface LesionBody {
  readonly plan: LesionPlan;
  readonly centre: Point;
  readonly shape?: MassShape;
}

/** Shapes and places the lesions of one view, apart from each other; one that finds no room is left out. */
export function placeLesions(
  plans: readonly LesionPlan[],
  region: Region,
  stream: RandomStream,
): LesionBody[] {
  const taken: { centre: Point; radius: number }[] = [];
  return plans.flatMap((plan) => {
    const shape = plan.type === "mass" ? drawMassShape(plan.form, plan.radius, stream) : undefined;
    const radius = shape ? Math.min(massReach(shape), 1.5 * plan.radius) : plan.radius;
    const centre = placeBall(radius, region, taken, stream);
    if (!centre) return [];
    taken.push({ centre, radius });
    return [{ plan, centre, shape }];
  });
}
