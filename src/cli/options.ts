import { InvalidArgumentError } from "commander";

/** A whole number that is not negative. @throws InvalidArgumentError, which commander prints with the option's name. */
export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("must be a whole number.");
  return Number(text);
}
