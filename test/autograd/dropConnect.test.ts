import assert from "node:assert/strict";
import { test } from "node:test";
import { keepsSample } from "../../kernels/dropConnect.ts";
import { dropConnect } from "../../src/autograd/operations/dropConnect.ts";
import { checkGradients } from "../helpers/gradientCheck.ts";

test("dropConnect gradients with kept and dropped samples", () => {
  const batch = 8;
  const options = { rate: 0.5, stream: 3 };
  const kept = Array.from({ length: batch }, (_, sample) =>
    keepsSample(17, 4, { ...options, batch, sample: 6 }, sample),
  );
  assert.equal(new Set(kept).size, 2, "the draw must both keep and drop");
  checkGradients({
    name: "dropConnect",
    inputs: { x: [batch, 3, 2, 1] },
    build: (tape, { x }) =>
      dropConnect(tape, x, tape.constant("random", [2], Uint32Array.of(17, 4)), options),
  });
});
