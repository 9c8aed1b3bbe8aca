import { InvalidArgumentError } from "commander";

/** A whole number that is not negative. @throws InvalidArgumentError, which commander prints with the option's name. */
export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("must be a whole number.");
  return Number(text);
}

/** A number above 0. @throws InvalidArgumentError, which commander prints with the option's name. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("must be a number above 0.");
  return value;
}
