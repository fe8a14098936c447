/** Audio jobs from a web app: typed rows of the audioprep jobs table. */
export {
  type Audioprep,
  audioprep,
  type ClientOptions,
  type CreateOptions,
  JobExists,
  JobNotFound,
  type Update,
} from "./client.js";
export type { Database } from "./database.js";
export { recipeHash } from "./digest.js";
export type {
  AudioMetadata,
  Clip,
  ErrorKind,
  FileFormat,
  IngestResult,
  JobStatus,
  PlaylistOutcome,
  RecipeTags,
  SavedFile,
  WebhookEvent,
} from "./generated.js";
export { STAGE_STARTS } from "./generated.js";
export { isAcknowledged, isEnded } from "./job.js";
export { keys } from "./keys.js";
export { toPeaksJs, toWavesurfer, type WaveformJson } from "./peaks.js";
export type { QueuePlace } from "./queue.js";
export { buildRecipe, checkRecipe, type ClipInput, RecipeError, type RecipeOptions } from "./recipe.js";
export { type Bucket, signDelete, signDownload, signUpload, type Upload, type UploadInput } from "./s3.js";
export type * from "./types.js";
export { followJob, pollsFor, type WaitOptions, WaitTimeout } from "./wait.js";
export { verifyWebhook, WebhookError } from "./webhook.js";
