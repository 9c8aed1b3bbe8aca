// A run's analysis as aligned plain text for a terminal.
import type { ComparedReaders } from "../evaluate/complementarity.ts";
import type { Estimate } from "../evaluate/summary.ts";
import { align, digits } from "../evaluate/summaryTable.ts";
import type { RunAnalysis } from "./analyse.ts";

const cell = ({ value, low, high }: Estimate, signed: boolean): string =>
  `${digits(value, signed)} [${digits(low, signed)}, ${digits(high, signed)}]`;

function subgroupBlock({ subgroups, method }: RunAnalysis): string[] {
  if (subgroups.length === 0) return [];
  const [{ sensitivity, differences }] = subgroups;
  const [models, pairs] = [Object.keys(sensitivity), Object.keys(differences)];
  return [
    `Share of lesions found (${method.rule}) at ${method.falsePositivesPerImage} false positive an image, by what they are; * fewer than ten lesions or patients`,
    ...align([
      ["", "lesions", ...models, ...pairs],
      ...subgroups.map((group) => [
        `${group.dimension}: ${group.value}${group.isSmall ? " *" : ""}`,
        String(group.lesions),
        ...models.map((name) => digits(group.sensitivity[name].value, false)),
        ...pairs.map((name) => cell(group.differences[name], true)),
      ]),
    ]),
  ];
}

function readerRow(name: string, { table, agreement }: ComparedReaders): string[] {
  const { bothRight, onlyFirst, onlySecond, bothWrong } = table;
  return [
    name,
    ...[bothRight, onlyFirst, onlySecond, bothWrong].map(String),
    digits(agreement.union, false),
    digits(agreement.kappa, false),
    digits(agreement.yuleQ, false),
    digits(agreement.exactP, false),
  ];
}

/** Blocks: subgroups, agreement of the single models, features, probes, distillation. */
export function renderAnalysis(analysis: RunAnalysis): string {
  const { readers, features, probes, similarities, method } = analysis;
  return [
    ...subgroupBlock(analysis),
    "",
    ...(readers
      ? [
          `model_sm and model_ffdm: lesions at ${method.falsePositivesPerImage} false positive an image, images at ${100 * method.falsePositiveShare} % false alarms`,
          ...align([
            ["", "both right", "only SM", "only FFDM", "both wrong", "union", "kappa", "Yule Q", "McNemar p"],
            readerRow("lesions", readers.lesions),
            readerRow("images", readers.images),
          ]),
          "",
        ]
      : []),
    "What of one network's pooled features is in another's: fitted on validation, judged on test pairs",
    ...align([
      ["", "R2", "linear CKA", "debiased CKA"],
      ...Object.entries(features).map(([name, { r2, linearCka, debiasedCka }]) => [
        name,
        digits(r2, false),
        digits(linearCka, false),
        digits(debiasedCka, false),
      ]),
    ]),
    "",
    "Linear probes for a lesion on the image, AUC on test pairs",
    ...align([
      ["network", "AUC"],
      ...Object.entries(probes).map(([name, auc]) => [name, digits(auc, false)]),
    ]),
    "",
    "Students against their teachers on validation pairs, level by level",
    ...align([
      ["", "cosine", "mse", "rank of the student", "of the teacher"],
      ...Object.entries(similarities).flatMap(([student, levels]) =>
        Object.entries(levels).map(([level, { cosine, mse, studentRank, teacherRank }]) => [
          `${student} ${level}`,
          digits(cosine, false),
          mse.toPrecision(3),
          studentRank.toFixed(1),
          teacherRank.toFixed(1),
        ]),
      ),
    ]),
  ].join("\n");
}
