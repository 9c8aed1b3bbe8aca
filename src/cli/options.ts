import { InvalidArgumentError } from "commander";
import type { Box } from "../base/boxes.ts";
import { parseBoxes } from "../data/manifest.ts";

/** A whole number that is not negative. @throws InvalidArgumentError, which commander prints with the option's name. */
export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("must be a whole number.");
  return Number(text);
}

/** A whole number above 0. @throws InvalidArgumentError, which commander prints with the option's name. */
export function positiveInteger(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError("must be a whole number above 0.");
  return Number(text);
}

/** A number above 0. @throws InvalidArgumentError, which commander prints with the option's name. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("must be a number above 0.");
  return value;
}

/** A number from 0 to 1. @throws InvalidArgumentError, which commander prints with the option's name. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("must be a number from 0 to 1.");
  return value;
}

/** "512" or "1024x512". @throws InvalidArgumentError, which commander prints with the option's name. */
export function imageSize(text: string): [number, number] {
  const sides = /^(\d+)(?:x(\d+))?$/.exec(text);
  if (!sides) throw new InvalidArgumentError("must be a side, or height x width as in 1024x512.");
  return [Number(sides[1]), Number(sides[2] ?? sides[1])];
}

/** "yMin xMin yMax xMax; …". @throws InvalidArgumentError, which commander prints with the option's name. */
export function boxes(text: string): Box[] {
  return parseBoxes(text, (problem) => {
    throw new InvalidArgumentError(`${problem}.`);
  });
}
