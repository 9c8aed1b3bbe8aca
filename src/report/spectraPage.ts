// Power spectra of a set's pictures, to hold its texture against mammograms'.
import { readImage } from "../data/image.ts";
import type { Manifest } from "../data/manifest.ts";
import { radialSpectrum } from "../evaluate/spectrum.ts";
import { page } from "./page.ts";
import { figure, type Line, linePlot } from "./plots.ts";

/** Side of the square that is looked at, and of how many pairs. */
const [size, mostPairs] = [64, 60];

/** A square of tissue alone: the first of a grid of places that meets no air; undefined: there is none. */
function tissueSquare({ height, width, data }: { height: number; width: number; data: Uint16Array }) {
  for (let top = 0; top + size <= height; top += 8)
    for (let left = 0; left + size <= width; left += 8) {
      const square = new Float64Array(size * size);
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++)
          square[row * size + column] = data[(top + row) * width + left + column];
      if (square.every((value) => value > 0)) return square;
    }
  return undefined;
}

/** f^−exponent through a spectrum's point near half a cycle per mm. */
function powerLaw(spectrum: readonly (readonly [number, number])[], exponent: number): Line {
  const [f0, p0] = spectrum.find(([frequency]) => frequency >= 0.3) ?? spectrum[0];
  return {
    name: `1/f^${exponent}`,
    dashed: true,
    points: spectrum.filter(([f]) => f < 1).map(([f]) => [f, p0 * (f / f0) ** -exponent] as const),
  };
}

/** A page with the spectra of both kinds of pictures, from pairs without lesions. */
export async function spectraPage({ pairs }: Manifest): Promise<string> {
  const chosen = pairs.filter(({ classes }) => classes.length === 0).slice(0, mostPairs);
  const lines: Line[] = [];
  for (const half of ["ffdm", "sm"] as const) {
    const images = await Promise.all(chosen.map((pair) => readImage(pair[half])));
    const squares = images.flatMap((image) => tissueSquare(image) ?? []);
    if (squares.length === 0) continue;
    const spacing = images[0].spacing?.[0] ?? 1;
    const spectrum = radialSpectrum(squares, size, spacing);
    if (lines.length === 0) lines.push(powerLaw(spectrum, 3), powerLaw(spectrum, 3.3));
    lines.push({ name: `${half.toUpperCase()}, ${squares.length} pictures`, points: spectrum });
  }
  const options = {
    x: "cycles per mm",
    y: "power, each picture's sum 1",
    logarithmicX: true,
    logarithmicY: true,
  };
  const note = `Squares of ${size} pixels of tissue without lesions, under a Hann window. Mammograms' texture falls with the third power of frequency or a little more; noise levels the FFDM off, the reconstruction's filter lifts the SM and cuts it off.`;
  return page(
    "Power spectra",
    [note],
    [{ title: "Radial averages", body: await figure("power spectra", linePlot(lines, options)) }],
  );
}
