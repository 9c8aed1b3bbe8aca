// One view of one breast before any exposure: tissue, lesions and what may be taken for them; and their volume on the tape.
import {
  type BreastShape,
  breastTissue,
  type LesionRow,
  lesionKinds,
  lesionMap,
  packBreast,
  packLesion,
} from "../../kernels/breastTissue.ts";
import type { Tape } from "../autograd/tape.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { RandomStream } from "../base/random.ts";
import type { Inputs } from "../engine/program.ts";
import { type Coverage, type DensityClass, drawBreast } from "./breast.ts";
import type { VoxelGrid } from "./grid.ts";
import { drawDistortionShape, drawMassShape, mapOf, reachOf } from "./lesionShapes.ts";
import {
  type ClusterPlan,
  type DistortionPlan,
  drawDistractors,
  drawSpecks,
  type LesionPlan,
  type MassPlan,
  type Point,
  placeBall,
  type Region,
  type Sphere,
} from "./lesions.ts";
import { attenuation } from "./materials.ts";
import { powerLawFields } from "./powerLawField.ts";

export interface AnatomyOptions {
  readonly seed: number;
  /** Names the view among those of one seed, e.g. "patient 12/CC". */
  readonly name: string;
  readonly density: DensityClass;
  readonly coverage: Coverage;
  readonly lesions: readonly LesionPlan[];
}

/** A lesion in its place in a view: a body of tissue, or the specks of a cluster. */
export type PlacedLesion = { readonly center: Point } & (
  | { readonly plan: MassPlan | DistortionPlan; readonly row: LesionRow; readonly map: Float32Array }
  | { readonly plan: ClusterPlan; readonly specks: readonly Sphere[] }
);

export interface Anatomy {
  readonly breast: BreastShape;
  readonly lesions: readonly PlacedLesion[];
  readonly distractors: readonly Sphere[];
  /** Of the tissue's random numbers. */
  readonly key: number;
}

/** Rows of the tables that a program takes. */
export const [mostLesions, mostSpheres] = [3, 512];

/** Power-law exponent of the tissue's fields in three dimensions, so that projections have that of mammograms, 3.0 to 3.3. */
const textureExponent = 3.46;
/** What cells are cut by, mm: a slice of 24 in a breast of middling thickness. */
const nominalSlice = 2;

/** How much of the tissue within is replaced: spicules of a distortion are strands with fat between. */
const distortionSolid = 0.55;

function placeBody(plan: MassPlan | DistortionPlan, shape: ReturnType<typeof drawMassShape>, center: Point) {
  const map = mapOf(shape);
  const farthest = plan.radius * reachOf(shape, map) + 1;
  const mass = plan.type === "mass";
  const row: LesionRow = {
    kind: mass ? lesionKinds.mass : lesionKinds.distortion,
    center,
    axes: shape.axes,
    radius: plan.radius,
    attenuation: (mass ? plan.densityRatio : 1) * attenuation.gland,
    solid: mass ? 1 : distortionSolid,
    reach: farthest,
    pull: mass ? 0 : plan.pull,
  };
  return { row, map };
}

/** Shapes and places the lesions of one view, apart from each other; one that finds no room is left out. */
function placeLesions(
  plans: readonly LesionPlan[],
  region: Region,
  streamOf: (part: string) => RandomStream,
): PlacedLesion[] {
  const places = streamOf("lesions");
  const taken: { center: Point; radius: number }[] = [];
  return plans.slice(0, mostLesions).flatMap((plan, index): PlacedLesion[] => {
    const stream = streamOf(`lesion ${index}`);
    const center = placeBall(plan.radius, region, taken, places);
    if (!center) return [];
    taken.push({ center, radius: plan.radius });
    if (plan.type === "calcification") return [{ plan, center, specks: drawSpecks(plan, center, stream) }];
    const shape = plan.type === "mass" ? drawMassShape(plan.form, stream) : drawDistortionShape(stream);
    return [{ plan, center, ...placeBody(plan, shape, center) }];
  });
}

/** Draws a view's breast. The same options give the same one; each part draws from a stream of its own. */
export function drawAnatomy(options: AnatomyOptions, grid: VoxelGrid): Anatomy {
  const streamOf = (part: string) => new RandomStream(options.seed, `phantom/${options.name}/${part}`);
  const [width, height] = [grid.columns * grid.spacing, grid.rows * grid.spacing];
  const breast = drawBreast(options.coverage, options.density, [width, height], streamOf("outline"));
  const region = { width, height, breast };
  return {
    breast,
    lesions: placeLesions(options.lesions, region, streamOf),
    distractors: drawDistractors(region, streamOf("distractors")),
    key: streamOf("tissue").key,
  };
}

/** Records the volume [slices, rows + 2·margin, columns] of attenuation in 1/mm, and the spheres beside it [512, 5]. */
export function recordAnatomy(tape: Tape, grid: VoxelGrid): { mu: Tensor; spheres: Tensor } {
  const { slices, columns, margin, spacing } = grid;
  const key = tape.input("tissueKey", [1], "u32");
  const options = { fields: 3, exponent: textureExponent, sliceThickness: nominalSlice };
  const fields = tape.scope("texture", () => powerLawFields(tape, grid, options, key));
  const [, , rows, fieldColumns] = fields.shape;
  const given = {
    fields,
    breast: tape.input("breast", [6]),
    lesions: tape.input("lesions", [mostLesions, 12]),
    maps: tape.input("maps", [mostLesions, ...lesionMap]),
  };
  const parameters = { slices, rows, margin, columns, fieldColumns, spacing, lesions: mostLesions };
  return {
    mu: tape.apply(breastTissue, parameters, given).y,
    spheres: tape.input("spheres", [mostSpheres, 5]),
  };
}

/** The inputs of `recordAnatomy`. @param lesions those that are there. */
export function anatomyInputs(anatomy: Anatomy, lesions: readonly PlacedLesion[] = anatomy.lesions): Inputs {
  const rows = new Float32Array(mostLesions * 12);
  const maps = new Float32Array(mostLesions * lesionMap[0] * lesionMap[1]);
  const bodies = lesions.filter((lesion) => "row" in lesion);
  bodies.forEach(({ row, map }, index) => {
    rows.set(packLesion(row), 12 * index);
    maps.set(map, index * map.length);
  });
  const specks = lesions.flatMap((lesion) => ("specks" in lesion ? lesion.specks : []));
  const spheres = new Float32Array(mostSpheres * 5);
  [...specks, ...anatomy.distractors].slice(0, mostSpheres).forEach(({ x, y, z, radius, excess }, index) => {
    spheres.set([x, y, z, radius, excess], 5 * index);
  });
  return {
    tissueKey: Uint32Array.of(anatomy.key),
    breast: Float32Array.from(packBreast(anatomy.breast)),
    lesions: rows,
    maps,
    spheres,
  };
}
