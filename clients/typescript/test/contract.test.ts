/**
 * The contract, against whatever bridge serves the database of DATABASE_URL: the real one, `audioprep fake`, or the fake
 * of `@audioprep/client/testing`. `uploads/tone.wav`, a WAV of 3 s, is in its storage. Prints what it saw to TRACE, in a
 * form in which bridges are to be equal.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { type Audioprep, audioprep, buildRecipe, type EndedJob, type Job, keys, type Update } from "../src/index.js";
import { type Fake, folder, startFake } from "../src/testing/index.js";
import { openDatabase } from "./databases.js";

const WAIT = { first: 30, longest: 300, timeout: 90_000 };
const trace: Record<string, unknown> = {};
const source = { sourceType: "audio_file", storageKey: "uploads/tone.wav", originalFilename: "A tone.wav" } as const;

let jobs: Audioprep;
let close: () => void;
let fake: Fake | undefined;
let assetId = "";
const recipe = () => buildRecipe(assetId, [{ startTime: 0, endTime: 2, fadeIn: 0.5, volume: 0.8 }], { normalize: true });

before(async () => {
  const opened = await openDatabase(process.env["DATABASE_URL"]!, process.env["DRIVER"] ?? "libsql");
  [jobs, close] = [audioprep(opened.database), opened.close];
  const storage = process.env["FAKE_STORAGE"]; // a folder: the fake of this package is what is tried
  if (storage) fake = await startFake(opened.database, { files: folder(storage) });
});
after(async () => {
  await fake?.stop();
  close();
  writeFileSync(process.env["TRACE"]!, JSON.stringify(trace));
});

/** Every update of a job; progress never falls, stages are those of the type in their order. */
async function follow(id: string, stages: string[]): Promise<EndedJob> {
  const seen: Update[] = [];
  for await (const update of jobs.watchJob(id, WAIT)) seen.push(update);
  const progress = seen.filter(({ status }) => status !== "cancelled").map((update) => update.progress);
  assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
  const passed = seen.map(({ stage }) => stage).filter((stage) => stage !== null);
  assert.deepEqual(passed, [...passed].sort((a, b) => stages.indexOf(a) - stages.indexOf(b)));
  assert.ok(passed.every((stage) => stages.includes(stage)), String(passed));
  const last = seen.at(-1)!;
  assert.ok(last.polls >= seen.length);
  return last as unknown as EndedJob;
}

/** Values by their form: keys and ids differ between bridges. */
const shape = (value: unknown): unknown => {
  if (value === null || typeof value !== "object") return value === null ? null : typeof value;
  if (Array.isArray(value)) return value.map(shape);
  return Object.fromEntries(Object.entries(value).sort().map(([name, part]) => [name, shape(part)]));
};
const outcome = ({ status, stage, progress, result, error, failure }: Job) => ({
  ...{ status, stage, progress, result: shape(result), failure },
  error: error?.replaceAll(assetId || "-", "ASSET") ?? null,
});

test("an ingest runs through its stages and names its files", async () => {
  const id = await jobs.createJob("ingest", source);
  const job = await follow(id, ["queued", "downloading", "analyzing", "finalizing"]);
  assert.equal(job.status, "complete", JSON.stringify(job));
  if (job.type !== "ingest" || job.status !== "complete") return;

  const { result } = job;
  assetId = result.assetId;
  assert.equal(result.originalKey, keys.original(assetId, "wav"));
  assert.equal(result.peaksKey, keys.peaks(assetId));
  assert.equal(result.waveformKey, keys.waveform(assetId));
  assert.ok(Math.abs(result.metadata.duration - 3) < 0.01);
  trace["ingest"] = { ...outcome(job), values: { ...result.metadata, contentType: result.contentType, bytes: result.bytes } };
});

test("a preview and a save name theirs", async () => {
  const preview = await jobs.createJob("preview", { recipe: recipe() });
  const save = await jobs.createJob("save", { recipe: { ...recipe(), outputFormat: "aac", outputSampleRate: 48_000 } });
  const ended = [await jobs.waitForJob(preview, WAIT), await jobs.waitForJob(save, WAIT)] as const;

  assert.equal(ended[0].status === "complete" && ended[0].result.previewKey.startsWith(`assets/${assetId}/preview_`), true);
  assert.deepEqual(ended[1].result, { assetId, preparedKey: keys.prepared(assetId, "aac") });
  trace["renders"] = ended.map(outcome);

  const outputs = [{ format: "mp3" as const }, { format: "flac" as const, bitDepth: 24 as const }];
  const several = await jobs.waitForJob(await jobs.createJob("save", { recipe: { ...recipe(), outputs } }), WAIT);
  assert.ok(several.status === "complete");
  assert.deepEqual(
    several.result.outputs?.map(({ key, format, bytes }) => [key, format, bytes > 0]),
    (["mp3", "flac"] as const).map((format) => [keys.prepared(assetId, format), format, true]),
  );
});

test("a fault has a kind, a sentence and no result", async () => {
  const missing = await jobs.createJob("ingest", { ...source, storageKey: "uploads/nothing.wav" });
  const beyond = { ...recipe(), clips: [{ ...recipe().clips[0]!, endTime: 60 }] };
  const tooLong = await jobs.createJob("save", { recipe: beyond });
  const elsewhere = buildRecipe("0b3b8a4e-6a1c-4f0e-9a51-0d0f6a2f9f11", [{ startTime: 0, endTime: 1 }]);
  const nowhere = await jobs.createJob("preview", { recipe: elsewhere });
  const odd = await jobs.createJob("ingest", { sourceType: "url" } as never);
  const ended = [];
  for (const id of [missing, tooLong, nowhere, odd]) ended.push(await jobs.waitForJob(id, WAIT));

  assert.deepEqual(
    ended.map(({ failure }) => failure?.kind),
    ["SourceMissing", "InvalidPayload", "SourceMissing", "InvalidPayload"],
  );
  trace["faults"] = ended.map(outcome).map(({ stage: _, progress: __, ...rest }) => rest);
});

test("a cancel is acknowledged, once; a retry asks for the same", async () => {
  const id = await jobs.createJob("save", { recipe: recipe() });
  const cancelled = [await jobs.cancelJob(id), await jobs.cancelJob(id)];

  assert.deepEqual(cancelled, [true, false]);
  assert.equal(await jobs.acknowledged(id, WAIT), true);
  trace["cancelled"] = outcome((await jobs.getJob(id))!);

  const again = await jobs.retryJob(id);
  assert.ok(again && again !== id);
  const job = await jobs.waitForJob(again, WAIT);
  assert.deepEqual([job.type, job.status], ["save", "complete"]);
  assert.equal(await jobs.retryJob(again), null);
  assert.equal(await jobs.acknowledged(again, WAIT), false);
});

test("a cancel of a running job leaves nothing that runs, and no asset", async () => {
  for (let tries = 0; tries < 20; tries++) {
    const id = await jobs.createJob("ingest", source);
    for await (const { status } of jobs.watchJob(id, { ...WAIT, first: 5, longest: 5 })) if (status !== "pending") break;
    if (!(await jobs.cancelJob(id))) continue; // it was quicker
    assert.equal(await jobs.acknowledged(id, WAIT), true);
    trace["cancelled running"] = outcome((await jobs.getJob(id))!);
    return;
  }
  assert.fail("every job had ended before it could be cancelled");
});

test("the latest of the same key wins, and a unique key is taken once", async () => {
  const ids: string[] = [];
  for (const endTime of [1, 1.5, 2]) {
    const clips = [{ ...recipe().clips[0]!, endTime }];
    ids.push(await jobs.createJob("preview", { recipe: { ...recipe(), clips }, supersedes: "drag", tenant: "one" }));
  }
  const ended: EndedJob[] = [];
  for (const id of ids) ended.push(await jobs.waitForJob(id, WAIT));

  assert.equal(ended.at(-1)!.status, "complete");
  for (const job of ended) assert.ok(job.status === "complete" || job.failure?.kind === "Superseded", JSON.stringify(job));
  const sentences = ended.filter(({ status }) => status === "cancelled").map(({ error }) => error);
  assert.ok(sentences.every((sentence) => sentence === "A newer request took the place of this one."), String(sentences));

  const unique = { recipe: recipe(), uniqueKey: `save ${assetId}` };
  const first = await jobs.createJob("save", unique);
  await assert.rejects(jobs.createJob("save", unique), { name: "JobExists" });
  assert.equal((await jobs.waitForJob(first, WAIT)).status, "complete");
});

test("a job that is not there", async () => {
  assert.equal(await jobs.getJob("nobody"), null);
  assert.equal(await jobs.queuePlace("nobody"), null);
  assert.equal(await jobs.cancelJob("nobody"), false);
  await assert.rejects(jobs.waitForJob("nobody", WAIT), { name: "JobNotFound" });
});

test("a place in the queue, with an estimate once jobs have ended", async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push(await jobs.createJob("ingest", source));
  const place = await jobs.queuePlace(ids.at(-1)!);

  assert.ok(place && Number.isInteger(place.ahead) && place.ahead >= 0);
  assert.ok(place.seconds !== null && place.seconds >= 0);
  for (const id of ids) assert.equal((await jobs.waitForJob(id, WAIT)).status, "complete");
  assert.deepEqual(await jobs.queuePlace(ids[0]!), { ahead: 0, seconds: 0 });
});
