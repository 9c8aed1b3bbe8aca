import assert from "node:assert/strict";
import { test } from "node:test";
import { profilePage } from "../../src/report/profilePage.ts";
import { ceilings, timing } from "../helpers/timing.ts";

test("a profile's page stands by itself and holds every section, plot and dispatch", async () => {
  const html = await profilePage(timing, ceilings, "an adapter & its driver");
  assert.match(html, /^<!doctype html>/);
  assert.ok(html.includes("an adapter &amp; its driver"));
  const titles = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title);
  assert.deepEqual(titles, [
    "An ordinary run",
    "Time by layer",
    "Time by kernel",
    "Roofline",
    "Memory over the step",
    "Dispatches",
  ]);
  assert.equal(html.match(/<figure>/g)?.length, 4);
  assert.equal(html.match(/<tbody>(.*)<\/tbody>/s)?.[1].match(/<tr>/g)?.length, timing.dispatches.length);
  assert.match(html, /<dt>gaps<\/dt><dd>0\.500 ms<\/dd>/);
});

test("a page loads nothing: no address, no sheet, no script from elsewhere, and no name is given twice", async () => {
  const html = await profilePage(timing, ceilings, "adapter");
  const addresses = [...html.matchAll(/(?:src|href)="([^"]*)"|url\(([^)]*)\)|@import/g)].map(
    ([found]) => found,
  );
  assert.deepEqual(addresses, []);
  assert.doesNotMatch(html, /<link|<img|<script [^>]*src|fetch\(|https?:\/\/(?!www\.w3\.org\/)/);
  const names = [...html.matchAll(/ id="([^"]*)"/g)].map(([, name]) => name);
  assert.equal(new Set(names).size, names.length);
});
