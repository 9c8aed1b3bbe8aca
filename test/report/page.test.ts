import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeHtml, facts, page, sortableTable } from "../../src/report/page.ts";
import { barPlot, figure, intervalPlot, stepPlot } from "../../src/report/plots.ts";
import { rooflinePlot } from "../../src/report/roofline.ts";

test("text of a page is escaped, in tables too", () => {
  assert.equal(escapeHtml('<a href="x">&</a>'), "&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;");
  const html = page(
    "a < b",
    ["1 & 2"],
    [
      {
        title: "<t>",
        note: "<n>",
        body: facts([["<k>", "<v>"]]) + sortableTable([{ head: "<h>", value: () => "<c>" }], [1]),
      },
    ],
  );
  assert.match(html, /<title>a &lt; b<\/title>/);
  for (const raw of ["<t>", "<n>", "<k>", "<v>", "<h>", "<c>"]) assert.ok(!html.includes(raw), raw);
});

test("a table's numbers are sorted by value, not by what is shown, and words are told apart", () => {
  const columns = [
    { head: "time", value: (row: number) => row, text: (row: number) => `${row} ms` },
    { head: "name", value: (row: number) => `n${row}` },
  ];
  const html = sortableTable(columns, [3, 1]);
  assert.match(html, /<td data-value="3">3 ms<\/td><td class="word">n3<\/td>/);
  assert.match(html, /<th scope="col"><button type="button">time<.*<th scope="col" class="word">/);
  assert.doesNotMatch(html, /type="search"/);
  assert.match(sortableTable(columns, Array(21).fill(1)), /placeholder="filter 21 rows"/);
});

/** Both pictures of a figure, wide and narrow. */
async function pictures(plot: Parameters<typeof figure>[1]) {
  const html = await figure("t", plot);
  const found = html.match(/<svg .*?<\/svg>/gs)!;
  assert.equal(found.length, 2);
  assert.match(found[0], /^<svg role="img" aria-label="t" .*class="wide" width="1080"/);
  assert.match(found[1], /^<svg role="img" aria-label="t" .*class="narrow" width="340"/);
  assert.doesNotMatch(html, /NaN|undefined|Infinity/);
  return found;
}

test("bars show every part and label, and fit both widths", async () => {
  const bars = [
    { name: "first", label: "3 ms", parts: { forward: 1, gradients: 2 } },
    { name: "second", label: "1 ms", parts: { forward: 1, gradients: 0 } },
  ];
  for (const svg of await pictures(barPlot(bars, "ms"))) {
    for (const text of ["first", "second", "3 ms", "1 ms", "forward", "gradients"])
      assert.ok(svg.includes(`>${text}<`), text);
    assert.ok(svg.includes('fill="var(--c1)"') && svg.includes('fill="var(--c2)"'), "the page's colours");
  }
});

test("steps and their level, intervals and their groups, are drawn", async () => {
  for (const svg of await pictures(stepPlot([1, 3, 2], { most: 4 }, ["dispatch", "MiB"])))
    for (const text of ["most", "dispatch", "MiB"]) assert.ok(svg.includes(`>${text}<`), text);
  const intervals = [
    { name: "better", value: 0.8, low: 0.7, high: 0.9, group: "faster" },
    { name: "same", value: 1, low: 0.9, high: 1.1, group: "noise" },
  ];
  const colors = { faster: "var(--c3)", noise: "var(--c6)" };
  const options = { unit: "ratio", reference: 1, logarithmic: true, colors };
  for (const svg of await pictures(intervalPlot(intervals, options)))
    for (const text of ["better", "same", "faster", "noise", "ratio"])
      assert.ok(svg.includes(`>${text}<`), text);
});

const ceilings = { flopsPerSecond: 8e9, copyBytesPerSecond: 4e9 };
const dot = (name: string, flops: number, bytes: number, weight: number) => ({
  name,
  flops,
  bytes,
  nanoseconds: 1e6,
  weight,
});

/** Where a name is written. */
function namePlace(svg: string, name: string): { x: number; y: number } {
  const found = new RegExp(`<text [^>]*transform="translate\\(([\\d.-]+),([\\d.-]+)\\)"[^>]*>${name}<`).exec(
    svg,
  );
  assert.ok(found, `${name} is written`);
  return { x: Number(found[1]), y: Number(found[2]) };
}

test("the roofline draws every kernel that does arithmetic below the two ceilings", async () => {
  const dots = [dot("heavy", 4e6, 1e6, 9), dot("light", 1e5, 1e6, 1), dot("copy", 0, 1e6, 5)];
  for (const svg of await pictures(rooflinePlot(dots, ceilings))) {
    assert.ok(svg.includes(">8.0 GFLOP/s<") && svg.includes(">4.0 GB/s copied<"));
    assert.match(svg, /aria-label="heavy: 4\.00 GFLOP\/s, 1\.00 GB\/s, 1\.000 ms"/);
    assert.ok(!svg.includes("copy:"), "nothing at an intensity of 0");
    const [heavy, light] = [namePlace(svg, "heavy"), namePlace(svg, "light")];
    assert.ok(heavy.x > light.x && heavy.y < light.y, "to the right and above");
  }
});

test("names of dots at one place do not overlap: what does not fit stays unwritten", async () => {
  const dots = Array.from({ length: 30 }, (_, index) =>
    dot(`kernel${index}x`, 2.5e6 + index, 1e6, 30 - index),
  );
  for (const svg of await pictures(rooflinePlot(dots, ceilings))) {
    const written = [...svg.matchAll(/translate\(([\d.-]+),([\d.-]+)\)"[^>]*>(kernel\d+x)</g)];
    assert.ok(written.length >= 2 && written.length <= 4, `${written.length} names`);
    const heights = written.map(([, , y]) => Number(y)).sort((a, b) => a - b);
    const sides = new Set(written.map(([, x, y]) => `${x} ${y}`));
    assert.equal(sides.size, written.length);
    assert.ok(heights[heights.length - 1] - heights[0] < 60, "all beside their dots");
  }
});
