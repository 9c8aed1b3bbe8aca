import assert from "node:assert/strict";
import { test } from "node:test";
import { decode } from "fast-png";
import {
  type Colour,
  displayRange,
  drawBox,
  encodePicture,
  enlarge,
  grayPicture,
  type Picture,
  tile,
} from "../../src/data/picture.ts";

const red: Colour = [255, 0, 0];
const blank = (height: number, width: number, level = 0): Picture => ({
  height,
  width,
  data: new Uint8Array(3 * height * width).fill(level),
});
/** The red channel, a text line a row. */
const redOf = ({ height, width, data }: Picture): string[] =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => (data[3 * (y * width + x)] === 255 ? "#" : ".")).join(""),
  );

test("the range's ends become black and white, what lies outside is clipped", () => {
  const image = { height: 1, width: 5, data: Float32Array.of(-3, -1, 0, 1, 7) };
  assert.deepEqual(
    [...grayPicture(image, [-1, 1]).data].filter((_, index) => index % 3 === 0),
    [0, 0, 128, 255, 255],
  );
  assert.deepEqual(displayRange(image.data), [-3, 7]);
  assert.deepEqual(displayRange(image.data, [0.25, 0.75]), [-1, 1]);
  assert.ok(
    grayPicture({ height: 1, width: 2, data: Uint16Array.of(5, 5) }).data.every((value) => value === 0),
  );
});

test("a picture is shrunk to its longest side, never grown", () => {
  const image = { height: 2, width: 4, data: Uint16Array.of(0, 0, 8, 8, 0, 0, 8, 8) };
  const small = grayPicture(image, [0, 8], 2);
  assert.deepEqual([small.height, small.width, ...small.data], [1, 2, 0, 0, 0, 255, 255, 255]);
  assert.deepEqual([grayPicture(image, [0, 8], 99).height, grayPicture(image, [0, 8], 99).width], [2, 4]);
});

test("a box is outlined around its pixels, and cut where the picture ends", () => {
  const picture = blank(6, 8);
  drawBox(picture, [2, 2.4, 4, 4.6], red);
  drawBox(picture, [2, 7, 9, 9], red);
  assert.deepEqual(redOf(picture), ["........", ".#######", ".#...##.", ".#...##.", ".######.", "......#."]);
});

test("an enlarged picture repeats its pixels", () => {
  const picture = blank(1, 2);
  picture.data.fill(255, 3);
  assert.deepEqual(redOf(enlarge(picture, 2)), ["..##", "..##"]);
});

test("tiles stand in rows and columns with a gap around each", () => {
  const sheet = tile([[blank(1, 2, 255), blank(2, 1, 255)], [blank(1, 1, 255)]], 1);
  assert.deepEqual(redOf(sheet), ["......", ".##.#.", "....#.", "......", ".#....", "......"]);
});

test("a PNG holds the picture", () => {
  const picture = blank(3, 2);
  drawBox(picture, [1, 1, 2, 2], [9, 8, 7]);
  const png = decode(encodePicture(picture));
  assert.deepEqual([png.height, png.width, png.depth, png.channels], [3, 2, 8, 3]);
  assert.deepEqual([...png.data], [...picture.data]);
});
