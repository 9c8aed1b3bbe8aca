import { bcsDbt } from "./bcsDbt.ts";
import { cbis } from "./cbis.ts";
import { coco } from "./coco.ts";
import { embed } from "./embed.ts";
import type { Importer } from "./imported.ts";
import { inbreast } from "./inbreast.ts";
import { tsynth } from "./tsynth.ts";
import { vindr } from "./vindr.ts";

/** By the name that the command line takes. */
export const importers: Readonly<Record<string, Importer>> = {
  embed,
  tsynth,
  "bcs-dbt": bcsDbt,
  vindr,
  "cbis-ddsm": cbis,
  inbreast,
  coco,
};
