// What a run trains and compares, as a configuration writes it: detectors of one image, students that learn a detector's
// pyramid from another image, and models that put such networks together. Entries have names; null takes a default away.
import { z } from "zod";

/** What a network sees: one image of the pair, or both as two channels. */
export const images = ["sm", "ffdm", "both"] as const;
export type ImageKind = (typeof images)[number];

const detectorSchema = z.strictObject({
  image: z.enum(images),
  /** A detector above it whose parameters it starts with; absent: new ones. */
  start: z.string().optional(),
});

export const distillationFields = {
  /** `both` adds the two with equal weight. */
  loss: z.enum(["mse", "cosine", "both"]),
  /** The detector that a student starts as, or "random". */
  start: z.string(),
  /** What is compared: the BiFPN's outputs or the backbone's. With the backbone the BiFPN stays what it starts as. */
  tap: z.enum(["pyramid", "backbone"]),
  /** Of the compared levels, from 3; null: all. */
  levels: z.array(z.int().positive()).min(1).nullable(),
  /** Both maps are averaged over this many locations to each side first, so that small shifts cost less. */
  blur: z.int().nonnegative(),
};

const studentSchema = z.strictObject({
  image: z.enum(images).optional(),
  teacher: z.string().optional(),
  ...z.strictObject(distillationFields).partial().shape,
});

export const fusions = ["own", "concat", "gated", "heads"] as const;

const modelSchema = z.strictObject({
  /** Detectors or students; the first one's image says which boxes the model is judged by. */
  branches: z.array(z.string()).min(1),
  /**
   * own: the detectors' own heads, their outputs averaged; nothing is trained. concat: heads on the pyramids side by side.
   * gated: heads on a sum of two pyramids that a trained gate weighs at every location and channel. heads: heads of each
   * pyramid's own, trained together on the average of their outputs.
   */
  fusion: z.enum(fusions),
  /** Train copies of the branches along with the heads; absent: as `predictor.fineTune` says. */
  fineTune: z.boolean().optional(),
});

/** Entries by name, those that are null left out. */
const named = <T extends z.ZodType>(entry: T) =>
  z
    .record(
      z.string().regex(/^[\w.-]+$/, "must be a name of letters, digits, dots, dashes and underlines"),
      entry.nullable(),
    )
    .transform((entries) => {
      const kept = Object.entries(entries).filter(([, value]) => value !== null);
      return Object.fromEntries(kept) as Record<string, z.infer<T>>;
    });

export const designFields = {
  detectors: named(detectorSchema),
  students: named(studentSchema),
  models: named(modelSchema),
  /** Pairs of models whose difference is reported, the first minus the second. */
  comparisons: z.array(z.tuple([z.string(), z.string()])),
};

const designSchema = z.strictObject(designFields);
export type Design = z.infer<typeof designSchema>;
export type ModelDesign = z.infer<typeof modelSchema>;
export type StudentDesign = z.infer<typeof studentSchema>;

/** The paper's five, and what mere capacity would give: a twin of A in B's place. */
export const defaultDesign: Design = {
  detectors: {
    module_a: { image: "sm" },
    module_c: { image: "ffdm" },
    module_a2: { image: "sm" },
  },
  students: { module_b: { image: "sm", teacher: "module_c" } },
  models: {
    model_sm: { branches: ["module_a"], fusion: "own" },
    model_ffdm: { branches: ["module_c"], fusion: "own" },
    fused: { branches: ["module_a", "module_b"], fusion: "concat" },
    twin_sm: { branches: ["module_a", "module_a2"], fusion: "concat" },
    base_ub: { branches: ["module_a", "module_c"], fusion: "concat" },
  },
  comparisons: [
    ["fused", "model_sm"],
    ["fused", "twin_sm"],
  ],
};

/**
 * What is left of a design where one image of the pairs is missing: the detectors that do not see it, the students that
 * neither see it nor learn from one that does, and the models of these alone.
 */
export function withoutImage(design: Design, missing: "ffdm" | "sm"): Design {
  const keep = <T>(entries: Readonly<Record<string, T>>, test: (entry: T) => boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(entries).filter(([, entry]) => test(entry)));
  const sees = (image: ImageKind = "sm") => image === missing || image === "both";
  const detectors = keep(design.detectors, ({ image }) => !sees(image));
  const students = keep(
    design.students,
    ({ image, teacher = "module_c" }) => !sees(image) && teacher in detectors,
  );
  const models = keep(design.models, ({ branches }) =>
    branches.every((branch) => branch in detectors || branch in students),
  );
  const comparisons = design.comparisons.filter((pair) => pair.every((name) => name in models));
  return { detectors, students, models, comparisons };
}

/** The first name that a design uses and does not have, or uses wrongly, as [field, sentence]; undefined: none. */
export function designFault(design: Design): readonly [field: string, sentence: string] | undefined {
  const detectors = Object.keys(design.detectors);
  const networks = [...detectors, ...Object.keys(design.students)];
  const models = Object.keys(design.models);
  const twice = networks.find((name, index) => networks.indexOf(name) !== index);
  if (twice) return [`students.${twice}`, "is the name of a detector"];
  const unknown = (field: string, name: string | undefined, legal: readonly string[]) =>
    name !== undefined && !legal.includes(name)
      ? ([field, `"${name}" must be one of ${legal.join(", ")}`] as const)
      : undefined;
  const faults = [
    ...Object.entries(design.detectors).map(([name, { start }]) =>
      unknown(`detectors.${name}.start`, start, detectors.slice(0, detectors.indexOf(name))),
    ),
    ...Object.entries(design.students).flatMap(([name, { teacher, start }]) => [
      unknown(`students.${name}.teacher`, teacher, detectors),
      unknown(`students.${name}.start`, start, [...detectors, "random"]),
    ]),
    ...Object.entries(design.models).flatMap(([name, model]) => modelFaults(`models.${name}`, model)),
    ...design.comparisons.flat().map((name) => unknown("comparisons", name, models)),
  ];
  return faults.find((fault) => fault !== undefined);

  function modelFaults(field: string, { branches, fusion, fineTune }: ModelDesign) {
    const legal = fusion === "own" ? detectors : networks;
    return [
      ...branches.map((branch) => unknown(`${field}.branches`, branch, legal)),
      fusion === "gated" && branches.length !== 2
        ? ([`${field}.branches`, "must be two for a gated fusion"] as const)
        : undefined,
      fusion === "own" && fineTune
        ? ([`${field}.fineTune`, "must be false where nothing is trained"] as const)
        : undefined,
    ];
  }
}
