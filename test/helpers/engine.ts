import { after, before } from "node:test";
import { Engine } from "../../src/engine/engine.ts";

/** One engine for a test file, destroyed at its end. Call at the top level and read `current` inside tests. */
export function sharedEngine(): { readonly current: Engine } {
  let engine: Engine | undefined;
  before(async () => {
    engine = await Engine.create();
  });
  after(() => engine?.destroy());
  return {
    get current() {
      if (!engine) throw new Error("the engine is made before the first test runs");
      return engine;
    },
  };
}
