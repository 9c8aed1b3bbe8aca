// A run's configuration from what the command line gives.
import { type Config, makeConfig, readConfigFile } from "../regime/config.ts";

/** "imageSize" as it is typed: "--image-size". */
export const optionName = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/**
 * A preset, then a file, then single fields, each named in messages as the user typed it.
 * @throws UserError naming the preset, file or option that is wrong.
 */
export async function configOf(
  preset: string,
  file: string | undefined,
  fields: Readonly<Record<string, unknown>>,
): Promise<Config> {
  const layers: { source: string; values: unknown }[] = [];
  if (file) layers.push({ source: file, values: await readConfigFile(file) });
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) layers.push({ source: optionName(name), values: { [name]: value } });
  return makeConfig(preset, layers);
}
