// What a convolution does with its sums before it writes them: the batch norm after it with given statistics, as a slope and
// an offset an output channel, and the activation. The shaders are the convolution's own, with another text behind them.
import { swish } from "./functions.ts";
import type { Parameters, Variant } from "./kernel.ts";

export type Epilogue = { activation: "none" | "swish" };

/** The convolution's variants with what their epilogue is told besides. */
export const withEpilogue = <Base extends Parameters, P extends Base & Epilogue>(
  variants: readonly Variant<Base>[],
  others: (parameters: P) => Record<string, number> = () => ({}),
): readonly Variant<P>[] =>
  variants.map((variant) => ({
    ...variant,
    constants: (p: P, tuning) => ({
      ...variant.constants(p, tuning),
      SWISH: Number(p.activation === "swish"),
      ...others(p),
    }),
  }));

/** Operations of the epilogue on one element. */
export const epilogueFlops = ({ activation }: Epilogue): number => (activation === "swish" ? 6 : 2);

/** activation(slope · sum + offset), in float64. @param norm slope and offset of every channel in turn. */
export function finish({ activation }: Epilogue, sum: number, norm: Float64Array, channel: number): number {
  const z = norm[2 * channel] * sum + norm[2 * channel + 1];
  return activation === "swish" ? swish(z) : z;
}

/** `finish` for a whole image [batch, channels, pixels], in place. */
export function finishImage(p: Epilogue, y: Float64Array, norm: Float64Array, pixels: number): void {
  const channels = norm.length / 2;
  for (let i = 0; i < y.length; i++) y[i] = finish(p, y[i], norm, Math.floor(i / pixels) % channels);
}
