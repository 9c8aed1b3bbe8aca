import assert from "node:assert/strict";
import { test } from "node:test";
import { layerOf } from "../../src/report/breakdown.ts";
import { renderProfile } from "../../src/report/profile.ts";
import { ceilings, timing } from "../helpers/timing.ts";

test("a layer is the module and the path, cut after three names", () => {
  assert.equal(
    layerOf("∇ module_a backbone.blocks.1.0.conv_dw depthwiseConv2d depthwiseConv2dGradInput"),
    "module_a backbone.blocks.1",
  );
  assert.equal(
    layerOf("module_a class_net.predict.conv_pw pointwiseConv2d"),
    "module_a class_net.predict.conv_pw",
  );
  assert.equal(layerOf("gradient norm sumOfSquares"), "gradient norm");
  assert.equal(layerOf("∇ module_a se dense.x add"), "module_a se");
  assert.equal(layerOf("∇ add.y add"), "between layers");
});

test("kernels, layers and dispatches are listed slowest first, with their rates", () => {
  const text = renderProfile(timing, ceilings);
  assert.match(text, /^depthwiseConv2d\/plain +2 +3\.000 +75\.0% +2\.67 +1\.33 +66\.7%$/m);
  assert.match(text, /^module_a backbone\.blocks\.1 +2 +3\.000 +75\.0% /m);
  assert.match(
    text,
    /^ +1 +1\.000 +25\.0% +4\.00 +2\.00 +100\.0% +depthwiseConv2d\/plain .*conv_dw depthwiseConv2d +batch 2, wide$/m,
  );
  assert.ok(text.indexOf("depthwiseConv2d/plain") < text.indexOf("sumOfSquares/plain"));
  assert.match(renderProfile(timing, ceilings, 1), /… and 2 more$/);
});

test("an ordinary run's time is told apart into host, adapter, gaps and the rest", () => {
  const text = renderProfile(timing, ceilings);
  for (const line of [
    /6\.000 ms {2}from the first command encoded/,
    /0\.030 ms {2}the host encodes \(10\.0 us a dispatch\)/,
    /0\.100 ms {2}in the call that submits/,
    /4\.500 ms {2}the adapter works/,
    /1\.470 ms {2}the rest/,
    /4\.000 ms {2}sum of the dispatches/,
    /0\.500 ms {2}gaps/,
    /0\.250 ms {2}idle between dispatches/,
  ])
    assert.match(text, line);
});
