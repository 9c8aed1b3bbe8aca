import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../src/base/files.ts";

/** Numbers of an independent implementation, from test/goldens/evaluation. */
export const golden = <Content>(name: string): Content =>
  JSON.parse(readFileSync(join(packageRoot(), "test", "goldens", "evaluation", `${name}.json`), "utf8"));

/** The goldens' own: float64, the order of sums left open. */
export const tolerance = { absolute: 1e-10, relative: 1e-10 };
