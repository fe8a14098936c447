/** Results of fake jobs: the files under their real keys, and the row's result. */
import { recipeHash } from "../digest.js";
import {
  type DeleteResult,
  type FileFormat,
  type IngestResult,
  type LoudnessReport,
  MEASURE,
  type PlaylistResult,
  type SavedFile,
  type SaveResult,
} from "../generated.js";
import { keys } from "../keys.js";
import { checkRecipe, RecipeError } from "../recipe.js";
import type { JobType, Recipe, Results } from "../types.js";
import type { Files } from "./files.js";
import * as media from "./media.js";
import { Failure, type Script } from "./script.js";

/** What is read of a row's metadata. */
export interface Metadata {
  fake?: Script;
  sourceType?: string;
  url?: string;
  storageKey?: string;
  originalFilename?: string;
  recipe?: Recipe;
  recipeHash?: string;
  playable?: boolean;
  maxEntries?: number;
  assetIds?: string[];
}

const SECONDS = 2;
const CODECS: Record<string, string> = { m4a: "aac", ogg: "vorbis", wav: "pcm_s16le" };
const REMOTE = ["youtube", "url"];

/** Throws the Failure that a bridge would write before any step runs. */
export function refuse(type: JobType, metadata: Metadata): void {
  const fault = (what: string) => new Failure(`The metadata of this ${type} job is invalid: ${what}.`, "InvalidPayload", 0);
  if (type === "ingest") {
    const wanted = REMOTE.includes(metadata.sourceType ?? "") ? "url" : "storageKey";
    if (!metadata.sourceType) throw fault("sourceType: field required");
    if (!metadata[wanted]) throw fault(`sourceType ${metadata.sourceType} needs ${wanted}`);
  } else if (type === "playlist") {
    if (!metadata.url) throw fault("url: field required");
  } else if (type === "delete") {
    if (!metadata.assetIds?.length) throw fault("assetIds: field required");
  } else {
    if (!metadata.recipe) throw fault("recipe: field required");
    try {
      checkRecipe(metadata.recipe);
    } catch (error) {
      throw error instanceof RecipeError ? fault(error.message) : error;
    }
  }
}

/** The files of a job, and its result; throws a Failure where a real worker finds the same fault. */
export async function make(type: JobType, metadata: Metadata, assetId: string, files: Files): Promise<Results[JobType]> {
  if (type === "ingest") return ingest(assetId, metadata, files);
  if (type === "playlist") return playlist(metadata, files);
  if (type === "delete") return remove(metadata.assetIds ?? [], files);
  const recipe = metadata.recipe!;
  for (const [index, clip] of recipe.clips.entries()) await checkClip(clip, index, files);
  const seconds = recipe.clips.reduce(
    (sum, { startTime, endTime, gap = 0, crossfade = 0 }) => sum + endTime - startTime + gap - crossfade,
    0,
  );
  if (type === "save") return save(recipe, seconds, files);
  const previewKey = keys.preview(recipe.assetId, metadata.recipeHash ?? (await recipeHash(recipe)));
  await files.write(previewKey, media.mp3(seconds), "audio/mpeg");
  return { previewKey };
}

const OUTPUTS: Record<FileFormat, { contentType: string; bytes: (seconds: number, bits: 16 | 24) => Uint8Array }> = {
  wav: { contentType: "audio/wav", bytes: media.wav },
  flac: { contentType: "audio/flac", bytes: media.flac },
  mp3: { contentType: "audio/mpeg", bytes: media.mp3 },
  aac: { contentType: "audio/mp4", bytes: media.m4a },
  opus: { contentType: "audio/ogg", bytes: media.opus },
};

async function save(recipe: Recipe, seconds: number, files: Files): Promise<SaveResult> {
  const { assetId } = recipe;
  if (recipe.loudness === MEASURE) return { assetId, loudness: await silentReport(assetId, [], files) };
  const outputs: SavedFile[] = [];
  for (const { format, bitDepth } of recipe.outputs ?? [{ format: recipe.outputFormat ?? "wav", bitDepth: undefined }]) {
    const key = keys.prepared(assetId, format);
    const content = OUTPUTS[format].bytes(seconds, bitDepth ?? 16);
    await files.write(key, content, OUTPUTS[format].contentType);
    outputs.push({ key, format, bytes: content.length, integrated: null, truePeak: null });
  }
  const stored = outputs.map(({ key }) => key);
  for (const { key } of await files.list(`assets/${assetId}`)) {
    if (key.split("/").at(-1)!.startsWith("prepared.") && !stored.includes(key)) await files.remove(key);
  }
  await files.write(keys.edits(assetId), JSON.stringify(recipe, null, 2), "application/json");
  return {
    ...{ assetId, preparedKey: stored[0]! },
    ...(recipe.outputs ? { outputs } : {}),
    ...(recipe.report ? { loudness: await silentReport(assetId, stored, files) } : {}),
  };
}

async function ingest(assetId: string, metadata: Metadata, files: Files): Promise<IngestResult> {
  const { sourceType = "url", storageKey = "", url = "" } = metadata;
  const remote = REMOTE.includes(sourceType);
  const bytes = remote ? media.wav(SECONDS) : await files.read(storageKey);
  if (!bytes) throw new Failure(`There is no object '${storageKey}' in storage.`, "SourceMissing");
  const format = remote ? "wav" : (/\.([a-z0-9]{1,8})$/i.exec(storageKey)?.[1]?.toLowerCase() ?? "wav");
  const found = media.readWav(bytes) ?? { sampleRate: 44_100, channels: 1, duration: SECONDS };
  const originalFilename = metadata.originalFilename ?? (remote ? url : storageKey).split("/").at(-1)!;
  const audio = { ...found, codec: CODECS[format] ?? format, format };
  const contentType = format === "mp3" ? "audio/mpeg" : `audio/${format}`;
  const [originalKey, peaksKey, waveformKey] = [keys.original(assetId, format), keys.peaks(assetId), keys.waveform(assetId)];
  await files.write(originalKey, bytes, contentType);
  await files.write(peaksKey, JSON.stringify(media.peaks(found.duration)), "application/json");
  const peaksDatKey = keys.peaksDat(assetId);
  await files.write(peaksDatKey, media.peaksDat(found.duration), "application/octet-stream");
  await files.write(waveformKey, media.png(), "image/png");
  const at = new Date().toISOString();
  const described = { assetId, createdAt: at, updatedAt: at, audio, provenance: { sourceType, originalFilename }, originalFilename };
  await files.write(keys.metadata(assetId), JSON.stringify(described, null, 2), "application/json");
  const bitrate = Math.round((bytes.length * 8) / found.duration);
  return {
    ...{ assetId, metadata: { ...audio, originalFilename }, originalKey, peaksKey, peaksDatKey, waveformKey },
    ...(metadata.playable ? { playableKey: originalKey } : {}),
    ...{ contentType, bytes: bytes.length, bitrate },
  };
}

async function playlist({ url = "", maxEntries = 50 }: Metadata, files: Files): Promise<PlaylistResult> {
  const entries = [];
  for (let number = 1; number <= Math.min(2, maxEntries); number++) {
    const entry = `${url}#${number}`;
    const made = await ingest(crypto.randomUUID(), { sourceType: "url", url: entry }, files);
    entries.push({ url: entry, title: `Entry ${number}`, status: "complete" as const, error: null, ...made });
  }
  return { entries };
}

async function remove(assetIds: string[], files: Files): Promise<DeleteResult> {
  const found = (await Promise.all(assetIds.map((asset) => files.list(`assets/${asset}`)))).flat();
  for (const { key } of found) await files.remove(key);
  return { objects: found.length, bytes: found.reduce((sum, { size }) => sum + size, 0) };
}

async function checkClip(clip: Recipe["clips"][number], index: number, files: Files): Promise<void> {
  const name = clip.id ? `clip ${index + 1} ('${clip.id.slice(0, 40)}')` : `clip ${index + 1}`;
  const stored = await files.read(keys.metadata(clip.sourceAssetId));
  if (!stored) throw new Failure(`${name}: its source ${clip.sourceAssetId} is not in storage; ingest it first.`, "SourceMissing");
  const { duration } = (JSON.parse(new TextDecoder().decode(stored)) as { audio: { duration: number } }).audio;
  if (clip.endTime <= duration + 0.25) return;
  const sentence = `${name}: endTime ${clip.endTime} s is after the end of its source, which is ${duration.toFixed(3)} s long.`;
  throw new Failure(sentence, "InvalidPayload");
}

/** What a worker says of silence, which these files are. */
async function silentReport(assetId: string, stored: string[], files: Files): Promise<LoudnessReport> {
  const plotKey = keys.loudnessPlot(assetId);
  await files.write(plotKey, media.png(), "image/png");
  const silence = { integrated: null, range: null, shortTermMax: null, truePeak: null };
  return { source: silence, files: stored.map((key) => ({ ...silence, key })), plotKey };
}
