// What every importer gives: rows of a manifest to be, what is known of them, and what was wrong on the way.
import type { Box } from "../../base/boxes.ts";
import type { Side, Split } from "../manifest.ts";

/** A view of a breast. Paths are absolute; boxes in pixels of their file. */
export interface ImportedRow {
  readonly patient: string;
  readonly side: Side;
  readonly view: string;
  /** Absent where a set has no such image. */
  readonly ffdm?: string;
  readonly sm?: string;
  readonly ffdmBoxes: readonly Box[];
  /** Of the same lesions in the same order; both lists have as many as `labels`, but for a half that is absent. */
  readonly smBoxes: readonly Box[];
  readonly labels: readonly string[];
  /** As the set publishes it; absent: by patient. */
  readonly split?: Split;
  /** Breast density as the set writes it. */
  readonly density?: string;
}

export interface Importer {
  /** For the command line's help. */
  readonly title: string;
  /**
   * @param folder of the set, laid out as it is published.
   * @param made where files may be written that the set has in a form that is not read.
   * @throws UserError naming the file, row or field that cannot be used.
   */
  read(folder: string, problems: Problems, made: string): Promise<ImportedRow[]>;
}

/** How many of a kind are named. */
const named = 3;

/** What was left out or looks wrong, by kind, so that nothing is lost silently and nothing floods the screen. */
export class Problems {
  readonly #kinds = new Map<string, { count: number; examples: string[] }>();

  add(kind: string, what: string): void {
    const known = this.#kinds.get(kind) ?? { count: 0, examples: [] };
    known.count++;
    if (known.examples.length < named) known.examples.push(what);
    this.#kinds.set(kind, known);
  }

  get list(): { kind: string; count: number; examples: readonly string[] }[] {
    return [...this.#kinds].map(([kind, { count, examples }]) => ({ kind, count, examples }));
  }
}
