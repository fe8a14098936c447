/** Routes. Keys and ids of assets never come from the browser: they are looked up from the user's own jobs. */
import { audioprep, buildRecipe, type ClipInput, RecipeError, type RecipeOptions } from "@audioprep/client";
import { createClient } from "@libsql/client";
import { type Context, Hono } from "hono";
import { getSignedCookie, setSignedCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { Recordings } from "./recordings.js";
import { settings } from "./settings.js";
import { signed, verified } from "./signing.js";
import { LocalStorage, openStorage } from "./storage.js";

const database = createClient({
  url: settings.databaseUrl,
  ...(settings.databaseToken ? { authToken: settings.databaseToken } : {}),
  timeout: 5_000, // ms to wait for a lock of a `file:` database
});
const jobs = audioprep(database, { wakeUrl: settings.wakeUrl, wakeSecret: settings.wakeSecret });
const storage = openStorage(settings.storageUrl);
export const recordings = new Recordings(database);

type Env = { Variables: { user: string } };
export const app = new Hono<Env>();

/** A user is whoever has the cookie; put your own sign-in here. */
app.use("/api/*", async (c, next) => {
  let user = await getSignedCookie(c, settings.secret, "user");
  if (!user) {
    user = crypto.randomUUID();
    await setSignedCookie(c, "user", user, settings.secret, { httpOnly: true, sameSite: "Lax", path: "/", maxAge: 31_536_000 });
  }
  c.set("user", user);
  await next();
});

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof RecipeError) return c.json({ error: error.message, clip: error.clip, field: error.field }, 400);
  console.error(error);
  return c.json({ error: "Something went wrong." }, 500);
});

/** The user's own job; for another's, and for none, the same 404. */
async function owned(c: Context<Env>, id: string) {
  const found = await recordings.find(c.get("user"), id);
  if (!found) throw new HTTPException(404, { message: "There is no such job." });
  return found;
}

/** The asset that the user's recording became. */
async function asset(c: Context<Env>) {
  const { recording, name } = await owned(c, c.req.param("id")!);
  const job = await jobs.getJob(recording);
  if (job?.type !== "ingest" || job.status !== "complete") throw new HTTPException(409, { message: "It is not ready." });
  return { recording, name, ...job.result };
}

app.post("/api/uploads", async (c) => {
  const { name, bytes, contentType } = await c.req.json<{ name: string; bytes: number; contentType: string }>();
  if (!/^(audio|video)\//.test(contentType)) return c.json({ error: "That is neither audio nor video." }, 415);
  if (!(bytes > 0 && bytes <= settings.maxBytes)) return c.json({ error: "A recording has 1 byte to 100 MB." }, 413);
  const upload = await storage.upload({ name, bytes, contentType });
  const { storageKey, ...put } = upload;
  return c.json({ ...put, ticket: signed(JSON.stringify({ user: c.get("user"), storageKey, contentType })) });
});

app.put("/api/uploads/:token", async (c) => {
  if (!(storage instanceof LocalStorage)) return c.notFound();
  const taken = await storage.take(c.req.param("token"), c.req.raw.body as never);
  return taken ? c.body(null, 204) : c.json({ error: "The upload was not taken." }, 400);
});

app.post("/api/recordings", async (c) => {
  const { ticket, name } = await c.req.json<{ ticket: string; name: string }>();
  const text = verified(ticket); // the key is one that this server made for this user
  const { user, storageKey, contentType } = text ? JSON.parse(text) : {};
  if (user !== c.get("user")) throw new HTTPException(403, { message: "That is not your upload." });
  const sourceType = contentType.startsWith("video/") ? "video_file" : "audio_file";
  const shown = name.slice(0, 200);
  const jobId = await jobs.createJob("ingest", { sourceType, storageKey, originalFilename: shown, playable: true, deleteUpload: true, tenant: user });
  await recordings.add(user, { jobId, recording: jobId, name: shown });
  return c.json({ jobId }, 201);
});

app.get("/api/recordings", async (c) => c.json(await recordings.list(c.get("user"))));

app.get("/api/jobs/:id", async (c) => {
  const { jobId } = await owned(c, c.req.param("id"));
  const job = await jobs.getJob(jobId);
  if (!job) return c.notFound();
  return c.json({ ...job, queue: job.status === "pending" ? await jobs.queuePlace(jobId) : null });
});

app.post("/api/jobs/:id/cancel", async (c) => {
  const { jobId } = await owned(c, c.req.param("id"));
  return c.json({ cancelled: await jobs.cancelJob(jobId) });
});

interface Edit {
  clips: ClipInput[];
  options: RecipeOptions;
}

app.post("/api/recordings/:id/previews", async (c) => {
  const { clips, options } = await c.req.json<Edit>();
  const { assetId, recording } = await asset(c);
  const user = c.get("user");
  const recipe = buildRecipe(assetId, clips.map(plain), options);
  // While the user drags, the newest preview cancels the ones before it.
  const jobId = await jobs.createJob("preview", { recipe, tenant: user, supersedes: `preview:${recording}`, priority: 2 });
  await recordings.add(user, { jobId, recording, name: "preview" });
  return c.json({ jobId }, 201);
});

app.post("/api/recordings/:id/saves", async (c) => {
  const { clips, options } = await c.req.json<Edit>();
  const { assetId, recording } = await asset(c);
  const user = c.get("user");
  const recipe = buildRecipe(assetId, clips.map(plain), options);
  const jobId = await jobs.createJob("save", { recipe, tenant: user, supersedes: `save:${recording}` });
  await recordings.add(user, { jobId, recording, name: "save" });
  return c.json({ jobId }, 201);
});

/** What browsers play: the original, or a rendition of one that they do not. */
const playableOf = ({ originalKey, playableKey }: { originalKey?: string | null; playableKey?: string | null }) =>
  playableKey ?? originalKey ?? "";

/** A clip of the recording itself: a source of another user cannot be named. */
const plain = ({ startTime, endTime, volume, fadeIn, fadeOut }: ClipInput): ClipInput => ({
  ...{ startTime, endTime },
  ...{ volume: volume ?? 1, fadeIn: fadeIn ?? 0, fadeOut: fadeOut ?? 0 },
});

/** Ends what runs for a recording, and has audioprep remove all of its files. */
app.delete("/api/recordings/:id", async (c) => {
  const user = c.get("user");
  const { recording } = await owned(c, c.req.param("id"));
  for (const { jobId } of await recordings.jobsOf(user, recording)) {
    if (await jobs.cancelJob(jobId)) await jobs.acknowledged(jobId, { timeout: 20_000 });
  }
  const job = await jobs.getJob(recording);
  if (job?.type === "ingest" && job.status === "complete") {
    const id = await jobs.createJob("delete", { assetIds: [job.result.assetId], tenant: user });
    const ended = await jobs.waitForJob(id, { first: 200, timeout: 60_000 });
    if (ended.status !== "complete") throw new HTTPException(409, { message: ended.error ?? "It was not deleted." });
  }
  await recordings.remove(user, recording);
  return c.body(null, 204);
});

app.get("/api/recordings/:id/audio", async (c) => storage.download(playableOf(await asset(c)), c.req.raw));
app.get("/api/recordings/:id/peaks", async (c) => storage.download((await asset(c)).peaksKey!, c.req.raw));

/** What a preview or a save has made; `?name=` downloads it under that name. */
app.get("/api/jobs/:id/file", async (c) => {
  const { jobId } = await owned(c, c.req.param("id"));
  const job = await jobs.getJob(jobId);
  if (job?.status !== "complete") throw new HTTPException(409, { message: "It is not ready." });
  const { previewKey, preparedKey } = job.result as { previewKey?: string; preparedKey?: string };
  const key = previewKey ?? preparedKey;
  return key ? storage.download(key, c.req.raw, c.req.query("name")) : c.notFound();
});
