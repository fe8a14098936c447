/** Types: what is wrong does not compile. `npm run types` reads this file; nothing runs it. */
import { type Audioprep, type ErrorKind, type Job, type Recipe } from "../src/index.js";

declare const jobs: Audioprep;
const asset = "0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11";
const clip = { id: "a", sourceAssetId: asset, startTime: 0, endTime: 1 };
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(_?: T) => undefined;

// Metadata by type
void jobs.createJob("ingest", { sourceType: "audio_file", storageKey: "uploads/a.mp3" });
void jobs.createJob("ingest", { sourceType: "youtube", url: "https://youtu.be/x", rightsAttested: true });
// @ts-expect-error a file needs a storage key
void jobs.createJob("ingest", { sourceType: "audio_file", url: "https://example.com/a.mp3" });
// @ts-expect-error a URL needs a URL
void jobs.createJob("ingest", { sourceType: "url" });
// @ts-expect-error both at once
void jobs.createJob("ingest", { sourceType: "url", url: "https://example.com/a.mp3", storageKey: "uploads/a.mp3" });
// @ts-expect-error no such type
void jobs.createJob("transcribe", {});
// @ts-expect-error a save needs a recipe
void jobs.createJob("save", { sourceType: "url", url: "https://example.com/a.mp3" });

// Recipes
export const wav: Recipe = { assetId: asset, clips: [clip], outputFormat: "wav", outputSampleRate: 96_001 };
export const aac: Recipe = { assetId: asset, clips: [clip], outputFormat: "aac", outputSampleRate: 48_000, aacKbps: 192 };
// @ts-expect-error AAC has no such rate
export const rate: Recipe = { assetId: asset, clips: [clip], outputFormat: "aac", outputSampleRate: 44_000 };
// @ts-expect-error a WAV file has no AAC bit rate
export const kbps: Recipe = { assetId: asset, clips: [clip], outputFormat: "wav", aacKbps: 192 };
// @ts-expect-error no such format
export const ogg: Recipe = { assetId: asset, clips: [clip], outputFormat: "ogg" };
export const several: Recipe = { assetId: asset, clips: [clip], outputs: [{ format: "wav", bitDepth: 24 }, { format: "mp3", kbps: 192 }] };
// @ts-expect-error MP3 has no such bit rate
export const odd: Recipe = { assetId: asset, clips: [clip], outputs: [{ format: "mp3", kbps: 100 }] };
// @ts-expect-error MP3 has no bit depth
export const depth: Recipe = { assetId: asset, clips: [clip], outputs: [{ format: "mp3", bitDepth: 24 }] };
export const labelled: Recipe = { assetId: asset, clips: [clip], tags: { title: "A", albumArtist: "B" }, cover: { assetId: asset } };
// @ts-expect-error a closed list
export const lyrics: Recipe = { assetId: asset, clips: [clip], tags: { lyrics: "la" } };
// @ts-expect-error one picture
export const covers: Recipe = { assetId: asset, clips: [clip], cover: { assetId: asset, storageKey: "uploads/c.jpg" } };
// @ts-expect-error a clip without an end
export const open: Recipe = { assetId: asset, clips: [{ id: "a", sourceAssetId: asset, startTime: 0 }] };
// @ts-expect-error times are numbers
export const text: Recipe = { assetId: asset, clips: [{ ...clip, startTime: "0" }] };
// @ts-expect-error volume, not gain
export const gain: Recipe = { assetId: asset, clips: [{ ...clip, gain: 1 }] };
// @ts-expect-error there is one version
export const version: Recipe = { version: 2, assetId: asset, clips: [clip] };
// @ts-expect-error which asset
export const nowhere: Recipe = { clips: [clip] };

// Results by type and status
export async function results() {
  const id = await jobs.createJob("save", { recipe: wav });
  const job = await jobs.getJob(id);
  if (job?.status === "complete") holds<Equal<typeof job.result.preparedKey, string | null | undefined>>();
  if (job?.status === "failed") holds<Equal<typeof job.failure.kind, ErrorKind>>();
  // @ts-expect-error not every job has a result
  void job?.result.preparedKey;
  const ended = await jobs.waitForJob(id);
  // @ts-expect-error it has ended
  void (ended.status === "pending");
  // @ts-expect-error a save's result has no metadata
  void (ended.status === "complete" && ended.result.metadata);

  const any = await jobs.getJob(String(id)); // an id from a route: any type
  holds<Equal<NonNullable<typeof any>, Job>>();
  if (any?.type === "ingest" && any.status === "complete") holds<Equal<typeof any.result.metadata.duration, number>>();
  // @ts-expect-error no such kind
  return any?.status === "failed" && any.failure.kind === "Nonsense";
}
