/** Recipes: a builder, and the contract's rules as checks before the INSERT. */
import { AAC_LIMITS, type Clip, FORMATS, LIMITS, type LoudnessPreset, MEASURE, MP3_KBPS, MP3_LIMITS, PRESETS, type RecipeTags, TAGS } from "./generated.js";
import type { AacRate, Recipe, RecipeCover, RecipeOutput } from "./types.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const SLACK = 1e-9; // binary fractions: 0.3 - 0.2 is a hair under 0.1

/** A rule that a recipe breaks; `message` is the sentence that a bridge would write into `error`. */
export class RecipeError extends Error {
  override name = "RecipeError";
  constructor(
    message: string,
    /** The clip at fault, counted from 0. */
    readonly clip: number | null,
    /** The field at fault; null for a rule that joins several. */
    readonly field: string | null,
  ) {
    super(message);
  }
}

/** What is given of a clip; the source is the recipe's asset if it is left out. */
export type ClipInput = Pick<Clip, "startTime" | "endTime"> & {
  id?: string;
  sourceAssetId?: string;
  volume?: number;
  fadeIn?: number;
  fadeOut?: number;
  /** Seconds of silence before the next clip. */
  gap?: number;
  /** Seconds that the next clip begins earlier. */
  crossfade?: number;
};

type Output =
  | { outputFormat?: "wav"; outputSampleRate?: number; aacKbps?: never }
  | { outputFormat: "aac"; outputSampleRate?: AacRate; aacKbps?: number };
type Loudness = { normalize?: boolean; targetLufs?: number; truePeak?: number; loudness?: LoudnessPreset; report?: boolean };
export type RecipeOptions = Loudness & Output & { outputs?: RecipeOutput[]; tags?: RecipeTags; cover?: RecipeCover };

/** A recipe of an asset; throws RecipeError with the first fault. */
export function buildRecipe(assetId: string, clips: ClipInput[], options: RecipeOptions = {}): Recipe {
  const named = clips.map((clip, index) => ({ id: `clip-${index + 1}`, sourceAssetId: assetId, ...clip }));
  const recipe = { version: 1, assetId, clips: named, ...options } as Recipe;
  checkRecipe(recipe);
  return recipe;
}

/** Throws RecipeError with the first fault, as a bridge would find it. That clips end within their source it cannot know. */
export function checkRecipe(recipe: Recipe): void {
  const at = (field: string) => [`recipe.${field}`, null, field] as const;
  check(recipe.version === undefined || recipe.version === 1, at("version"), "input should be 1");
  check(UUID.test(recipe.assetId), at("assetId"), "input should be a valid UUID");
  const count = recipe.clips.length;
  check(count >= 1, at("clips"), "tuple should have at least 1 item after validation, not 0");
  const { maxClips } = LIMITS;
  check(count <= maxClips, at("clips"), `tuple should have at most ${maxClips} items after validation, not ${count}`);
  recipe.clips.forEach(checkClip);
  check([undefined, "wav", "aac"].includes(recipe.outputFormat), at("outputFormat"), "input should be 'wav' or 'aac'");
  const rate = recipe.outputSampleRate ?? 44100;
  between(rate, LIMITS.minRate, LIMITS.maxRate, at("outputSampleRate"));
  check(Number.isInteger(rate), at("outputSampleRate"), "input should be a valid integer, got a number with a fractional part");
  if (recipe.targetLufs != null) between(recipe.targetLufs, -70, -5, at("targetLufs"));
  if (recipe.truePeak != null) between(recipe.truePeak, -9, 0, at("truePeak"));
  checkPreset(recipe);
  if (recipe.aacKbps != null) between(recipe.aacKbps, LIMITS.minAacKbps, LIMITS.maxAacKbps, at("aacKbps"));
  const { outputs } = recipe;
  if (outputs != null) checkOutputs(outputs);
  checkLabels(recipe.tags ?? {}, recipe.cover);
  checkJoins(recipe.clips);
  const unmade = recipe.loudness === MEASURE && recipe.normalize === true;
  check(!unmade, ["recipe", null, "loudness"], "loudness 'measure' makes no file, and normalize asks for one");
  if (outputs != null) {
    const listed = recipe.loudness === MEASURE;
    check(!listed, ["recipe", null, "loudness"], "loudness 'measure' makes no file, and outputs asks for some");
    const alone = (recipe.outputFormat ?? "wav") === "wav" && recipe.aacKbps == null;
    check(alone, ["recipe", null, "outputs"], "outputFormat and aacKbps are of one file, and outputs lists the files");
    checkFormats(outputs, rate);
  }
  if (recipe.outputFormat === "aac") checkAac(rate, recipe.aacKbps ?? 0);
}

function checkPreset(recipe: Recipe): void {
  const names = [...Object.keys(PRESETS), MEASURE].map((name) => `'${name}'`);
  const known = recipe.loudness == null || names.includes(`'${recipe.loudness}'`);
  const sentence = `input should be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  check(known, ["recipe.loudness", null, "loudness"], sentence);
}

function checkAac(rate: number, kbps: number): void {
  const highest = (AAC_LIMITS as Record<string, number>)[rate];
  const at = ["recipe", null, "outputSampleRate"] as const;
  check(highest !== undefined, at, `outputSampleRate ${rate} does not exist in AAC`);
  const sentence = `aacKbps ${kbps} is more than the ${highest} that AAC has at ${rate} Hz`;
  check(kbps <= highest!, ["recipe", null, "aacKbps"], sentence);
}

function checkLabels(tags: RecipeTags, cover: RecipeCover | null | undefined): void {
  for (const name of TAGS) checkText(tags[name], LIMITS.maxTagCharacters, [`recipe.tags.${name}`, null, name]);
  if (cover == null) return;
  const { storageKey, assetId } = cover;
  checkText(storageKey, LIMITS.maxKeyCharacters, ["recipe.cover.storageKey", null, "storageKey"]);
  check(assetId == null || UUID.test(assetId), ["recipe.cover.assetId", null, "assetId"], "input should be a valid UUID");
  const one = (storageKey == null) !== (assetId == null);
  check(one, ["recipe.cover", null, "cover"], "it needs a storageKey or an assetId, and not both");
}

function checkText(text: string | null | undefined, most: number, at: Place): void {
  check(text == null || typeof text === "string", at, "input should be a valid string");
  check([...(text ?? "")].length <= most, at, `string should have at most ${most} characters`);
}

const FLAC_STEP = 10; // hertz

function checkOutputs(outputs: RecipeOutput[]): void {
  const at = ["recipe.outputs", null, "outputs"] as const;
  const { maxOutputs } = LIMITS;
  check(outputs.length <= maxOutputs, at, `it has ${outputs.length} files, and ${maxOutputs} are the most`);
  check(outputs.length >= 1, at, "tuple should have at least 1 item after validation, not 0");
  outputs.forEach(({ format, bitDepth, kbps }, index) => {
    const where = `recipe.outputs.${index}`;
    const names = Object.keys(FORMATS).map((name) => `'${name}'`);
    const known = `input should be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
    check(format in FORMATS, [`${where}.format`, null, "format"], known);
    check([undefined, 16, 24].includes(bitDepth ?? undefined), [`${where}.bitDepth`, null, "bitDepth"], "input should be 16 or 24");
    if (kbps != null) between(kbps, LIMITS.minOpusKbps, LIMITS.maxAacKbps, [`${where}.kbps`, null, "kbps"]);
    const lossless = format === "wav" || format === "flac";
    check(bitDepth == null || lossless, [where, null, "bitDepth"], `bitDepth is for wav and flac, and this is ${format}`);
    check(kbps == null || !lossless, [where, null, "kbps"], `kbps is for mp3, aac and opus, and this is ${format}`);
    if (kbps != null) checkKbps(format, kbps, [where, null, "kbps"]);
  });
}

function checkKbps(format: RecipeOutput["format"], kbps: number, at: Place): void {
  if (format === "mp3") {
    const sentence = `kbps of mp3 is one of ${MP3_KBPS.slice(0, -1).join(", ")} and ${MP3_KBPS.at(-1)}`;
    return check(MP3_KBPS.some((known) => known === kbps), at, sentence);
  }
  const { minAacKbps, maxAacKbps, minOpusKbps, maxOpusKbps } = LIMITS;
  const [least, most] = format === "aac" ? [minAacKbps, maxAacKbps] : [minOpusKbps, maxOpusKbps];
  check(kbps >= least && kbps <= most, at, `kbps of ${format} is ${least} to ${most}`);
}

function checkFormats(outputs: RecipeOutput[], rate: number): void {
  const formats = outputs.map(({ format }) => format);
  for (const { format, kbps } of outputs) {
    const at = ["recipe", null, "outputs"] as const;
    check(formats.filter((other) => other === format).length === 1, at, `outputs has ${format} more than once`);
    const limits: Record<string, Record<string, number>> = { aac: AAC_LIMITS, mp3: MP3_LIMITS };
    const highest = format in limits ? limits[format]![rate] : LIMITS.maxOpusKbps;
    const known = highest !== undefined && (format !== "flac" || rate <= LIMITS.anyFlacRate || rate % FLAC_STEP === 0);
    check(known, at, `outputSampleRate ${rate} does not exist in ${FORMATS[format]}`);
    check((kbps ?? 0) <= highest!, at, `kbps ${kbps} is more than the ${highest} that ${FORMATS[format]} has at ${rate} Hz`);
  }
}

type Shape = "volume" | "fadeIn" | "fadeOut" | "gap" | "crossfade";
type GivenClip = Omit<Clip, Shape> & { [K in Shape]?: number | undefined };

const nameOf = ({ id }: GivenClip, index: number) =>
  id ? `clip ${index + 1} (${quoted(id.slice(0, 40))})` : `clip ${index + 1}`;

function checkJoins(clips: GivenClip[]): void {
  const last = clips.length - 1;
  const { gap, crossfade } = clips[last]!;
  const end = `${nameOf(clips[last]!, last)} is the last one: no gap or crossfade follows it`;
  check(!gap && !crossfade, ["recipe", last, null], end);
  let before = 0;
  clips.forEach((clip, index) => {
    const overlap = before + (clip.crossfade ?? 0);
    const seconds = clip.endTime - clip.startTime;
    const sentence = `${nameOf(clip, index)} is ${short(seconds)} s long, and its crossfades ${short(overlap)} s`;
    check(overlap <= seconds + SLACK, ["recipe", index, null], sentence);
    before = clip.crossfade ?? 0;
  });
}

function checkClip(clip: GivenClip, index: number): void {
  const name = nameOf(clip, index);
  const at = (field: string) => [`${name}, ${field}`, index, field] as const;
  check(UUID.test(clip.sourceAssetId), at("sourceAssetId"), "input should be a valid UUID");
  const { startTime, endTime, volume = 1, fadeIn = 0, fadeOut = 0, gap = 0, crossfade = 0 } = clip;
  between(startTime, 0, LIMITS.maxSeconds, at("startTime"));
  check(endTime > 0, at("endTime"), "input should be greater than 0");
  between(endTime, 0, LIMITS.maxSeconds, at("endTime"));
  between(volume, 0, 2, at("volume"));
  between(fadeIn, 0, Infinity, at("fadeIn"));
  between(fadeOut, 0, Infinity, at("fadeOut"));
  between(gap, 0, LIMITS.maxSeconds, at("gap"));
  between(crossfade, 0, LIMITS.maxSeconds, at("crossfade"));
  const whole = [name, index, null] as const;
  const seconds = endTime - startTime;
  const least = LIMITS.minClipSeconds;
  check(seconds >= least - SLACK, whole, `it is ${short(seconds)} s long, and a clip must be at least ${least} s`);
  const fades = `fadeIn and fadeOut are longer together than the clip (${short(seconds)} s)`;
  check(fadeIn + fadeOut <= seconds + SLACK, whole, fades);
  check(!gap || !crossfade, whole, "gap and crossfade exclude each other");
}

type Place = readonly [where: string, clip: number | null, field: string | null];

function between(value: number, least: number, most: number, place: Place): void {
  check(Number.isFinite(value), place, "input should be a finite number");
  check(value >= least, place, `input should be greater than or equal to ${least}`);
  check(value <= most, place, `input should be less than or equal to ${most}`);
}

function check(holds: boolean, [where, clip, field]: Place, what: string): void {
  if (!holds) throw new RecipeError(`${where}: ${what}`, clip, field);
}

const short = (value: number): string => String(Number(value.toPrecision(6)));
const quoted = (text: string): string => (text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text}'`);
