// COCO's JSON of boxes: images of one kind.
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Box } from "../../base/boxes.ts";
import { reasonOf, UserError } from "../../base/errors.ts";
import type { ImportedRow, Importer } from "./imported.ts";
import { namesIn, sideOf } from "./tables.ts";

const identity = z.union([z.number(), z.string()]);
const schema = z.object({
  images: z.array(
    z.object({
      id: identity,
      file_name: z.string(),
      /** Beyond COCO's own; where they are absent, the file's name must say them. */
      patient: z.string().optional(),
      side: z.string().optional(),
      view: z.string().optional(),
    }),
  ),
  annotations: z.array(
    z.object({
      image_id: identity,
      category_id: identity,
      bbox: z.tuple([z.number(), z.number(), z.number(), z.number()]),
    }),
  ),
  categories: z.array(z.object({ id: identity, name: z.string() })),
});

async function annotationFile(path: string): Promise<string> {
  if ((await stat(path).catch(() => undefined))?.isFile()) return path;
  const names = await namesIn(path, /\.json$/);
  if (names.length !== 1)
    throw new UserError(
      `${path}: must hold one JSON file, has ${names.length}; name it instead of its folder`,
    );
  return join(path, names[0]);
}

function nameFacts(file: string) {
  const side = /(?:^|[_\W])(L|R|LEFT|RIGHT)(?=[_\W]|CC|MLO|$)/i.exec(file)?.[1];
  const view = /(CC|MLO)/i.exec(file)?.[1].toUpperCase();
  return { side: side && sideOf(side), view };
}

export const coco: Importer = {
  title: "COCO JSON: images of one kind with boxes (a file, or the folder of one)",
  async read(folder, problems) {
    const path = await annotationFile(folder);
    let content: z.infer<typeof schema>;
    try {
      content = schema.parse(JSON.parse(await readFile(path, "utf8")));
    } catch (error) {
      const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
      throw new UserError(
        `${path}: ${issue ? `${issue.path.join(".")}: ${issue.message}` : reasonOf(error)}`,
      );
    }
    const categories = new Map(content.categories.map(({ id, name }) => [id, name]));
    const rows: ImportedRow[] = [];
    for (const image of content.images) {
      const found = nameFacts(image.file_name);
      const side = (image.side && sideOf(image.side)) || found.side;
      if (!side) {
        problems.add("images of which neither a field nor the name says the side, left out", image.file_name);
        continue;
      }
      const own = content.annotations.filter(({ image_id }) => image_id === image.id);
      rows.push({
        patient: image.patient ?? image.file_name.replace(/\.\w+$/, ""),
        side,
        view: image.view ?? found.view ?? "",
        ffdm: join(dirname(path), image.file_name),
        ffdmBoxes: own.map(({ bbox: [x, y, width, height] }): Box => [y, x, y + height, x + width]),
        smBoxes: [],
        labels: own.map(({ category_id }) => {
          const label = categories.get(category_id);
          if (!label)
            throw new UserError(`${path}: annotations: category ${category_id} is not among the categories`);
          return label;
        }),
      });
    }
    return rows;
  },
};
