import type { Reporter } from "../base/reporter.ts";
import type { Engine } from "../engine/engine.ts";
import { generatePhantomSet, type PhantomSetOptions } from "./phantomSet.ts";

/** Makes a simulated set with a progress bar, or finds it made. @returns the path of its manifest. */
export async function preparePhantomSet(
  engine: Engine,
  options: Omit<PhantomSetOptions, "onProgress">,
  reporter: Reporter,
): Promise<string> {
  let bar: ReturnType<Reporter["progress"]> | undefined;
  try {
    return await generatePhantomSet(engine, {
      ...options,
      onProgress(done, total) {
        bar ??= reporter.progress("simulating patients", total);
        bar.update(done, "two views each");
      },
    });
  } finally {
    bar?.stop();
  }
}
