/** Digest of a recipe: SHA-256 of all that can be heard in its preview, the same that audioprep computes. */
import { sha256 } from "./encoding.js";
import { type HEARD, type HEARD_IN_CLIP, PRESETS, PREVIEW_RATES, RENDERER } from "./generated.js";
import type { Recipe } from "./types.js";

type Heard = { [K in Exclude<(typeof HEARD)[number], "clips">]: string };
type Join = "gap" | "crossfade";
type HeardInClip = { [K in Exclude<(typeof HEARD_IN_CLIP)[number], Join>]: string } & { [K in Join]?: string };

/** SHA-256, in hexadecimal. Equal for recipes that sound the same: clip ids and the output's format do not count. */
export async function recipeHash(recipe: Recipe): Promise<string> {
  const clips = recipe.clips.map((clip) => {
    const heard: HeardInClip = {
      endTime: float(clip.endTime),
      fadeIn: float(clip.fadeIn ?? 0),
      fadeOut: float(clip.fadeOut ?? 0),
      sourceAssetId: JSON.stringify(uuid(clip.sourceAssetId)),
      startTime: float(clip.startTime),
      volume: float(clip.volume ?? 1),
      // Left out where there are none, as recipes of earlier versions had none.
      ...(clip.gap ? { gap: float(clip.gap) } : {}),
      ...(clip.crossfade ? { crossfade: float(clip.crossfade) } : {}),
    };
    return json(heard as Record<string, string>);
  });
  const rate = recipe.outputSampleRate ?? 44100;
  // A preset stands for numbers, and numbers that are given win.
  const preset = (PRESETS as Record<string, { targetLufs: number; truePeak: number }>)[recipe.loudness ?? ""];
  const normalize = preset !== undefined || (recipe.normalize ?? false);
  const loudness: Heard = {
    normalize: String(normalize),
    targetLufs: optional(recipe.targetLufs ?? preset?.targetLufs),
    truePeak: optional(recipe.truePeak ?? preset?.truePeak),
  };
  const heard: Record<string, string> = normalize ? loudness : { normalize: loudness.normalize };
  const heardRate = PREVIEW_RATES.some((known) => known === rate) ? rate : 44100;
  return sha256(json({ ...heard, clips: `[${clips.join(",")}]`, rate: String(heardRate), renderer: String(RENDERER) }));
}

const json = (fields: Record<string, string>): string =>
  `{${Object.keys(fields)
    .sort()
    .map((name) => `"${name}":${fields[name]}`)
    .join(",")}}`;

const optional = (value: number | null | undefined): string => (value == null ? "null" : float(value));

/** A UUID in its usual form, however it was written. */
function uuid(text: string): string {
  const digits = text.toLowerCase().replace(/^urn:uuid:|[{}-]/g, "");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** A number as Python writes a float: the shortest digits that read back as the same, `1.0`, `1e-05`. */
function float(value: number): string {
  const [, digits = "0", sign, power = "0"] = /^-?([\d.]+)e([+-])(\d+)$/.exec(value.toExponential()) ?? [];
  const exponent = Number(`${sign}${power}`);
  const minus = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) return `${minus}${digits}e${sign}${power.padStart(2, "0")}`;
  const plain = exponent < 0 ? `0.${"0".repeat(-exponent - 1)}${digits.replace(".", "")}` : String(Math.abs(value));
  return minus + (plain.includes(".") ? plain : `${plain}.0`);
}
