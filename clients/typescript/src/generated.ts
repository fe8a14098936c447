// Made by `make clients-code` from the models of audioprep; not edited by hand.

/** What a failed row says to programs. */
export interface ErrorFacts {
  kind: ErrorKind;
  /** the same job, asked for again, may succeed without a change to its row */
  retryable: boolean;
  /** attempts at the step that failed; 0 when no step ran */
  attempts: number;
}

/** The cause, for retry decisions, metrics and support: a closed list. Travels as the failure's `type`, and is `result.error.kind` of a failed row. */
export type ErrorKind = "InvalidPayload" | "SourceMissing" | "UnsupportedMedia" | "LimitExceeded" | "Refused" | "BotCheck" | "SiteLimit" | "SiteChanged" | "ExitFailed" | "TimedOut" | "Stalled" | "Network" | "Storage" | "ChildFailed" | "SiteBusy" | "WorkerShutdown" | "InvalidResult" | "Terminated" | "Superseded" | "Lost" | "Unexpected";

/** `result` of a failed row; `error` holds the sentence for people. */
export interface FailedResult {
  error: ErrorFacts;
  /** id of the job by which an operator has asked again */
  retriedAs?: string | null;
}

/** What an event says of its job. */
export interface EventData {
  jobId: string;
  jobType: string;
  /** identity of the jobs table: tells staging from production */
  tableId: string;
  status: string;
  /** `metadata.tenant` of the row, where it is text */
  tenant?: string | null;
  /** the row's `result`, of a complete job */
  result?: JsonValue;
  /** the result would be too large: it is in the row */
  resultOmitted?: boolean;
  /** of a failed job, or of one that a newer row superseded */
  error?: EventError | null;
  retryCount?: number;
  createdAt?: string;
  endedAt: string;
}

/** Why a job failed, or was superseded. */
export interface EventError {
  /** the row's `error`: one sentence for people */
  message: string;
  /** of the closed list of kinds; null if another program failed the row */
  kind: ErrorKind | null;
  /** the same job, asked for again, may succeed without a change to its row */
  retryable: boolean;
  /** attempts at the step that failed; 0 when no step ran */
  attempts: number;
}

export type JsonValue = unknown;

/** The `type` of an event. */
export type WebhookType = "job.complete" | "job.failed" | "job.cancelled" | "webhook.test";

/** The body of a webhook: `{type, timestamp, data}`, at most 20,000 bytes of JSON. */
export interface WebhookEvent {
  type: WebhookType;
  /** when the job ended: ISO 8601, UTC */
  timestamp: string;
  data: EventData;
}

/** What the outline in `peaks.dat` is of. */
export type PeakChannels = "mixed" | "split";

export type SourceType = "youtube" | "url" | "audio_file" | "video_file";

/** `metadata` of an ingest row. A remote source needs `url`, an uploaded one `storageKey`. */
export interface IngestMetadata {
  /** 1 is served first, 5 last; 3 if absent */
  priority?: number | null;
  /** whose job it is, at most 64 bytes: tenants are served in turn */
  tenant?: string | null;
  /** cancels older jobs of the same tenant that have the same value here */
  supersedes?: string | null;
  /** no two active rows of a type and tenant can have the same: the table refuses the second one */
  uniqueKey?: string | null;
  sourceType: SourceType;
  url?: string | null;
  rightsAttested?: boolean;
  /** ISO 8601; if absent and rightsAttested is true, the time of the ingest */
  rightsAttestedAt?: string | null;
  storageKey?: string | null;
  originalFilename?: string | null;
  /** whether peaks.dat has the mean of the channels, or each of them */
  peakChannels?: PeakChannels;
  /** remove the object under storageKey once the asset is whole */
  deleteUpload?: boolean;
  /** make a rendition that every browser plays, if the original is none */
  playable?: boolean;
  /** id of a job that failed or was cancelled: its asset id is used again */
  retryOf?: string | null;
  /** of a recording with several sound tracks, for sourceType youtube; the original's if absent */
  audioLanguage?: string | null;
}

/** `result.metadata` of an ingest: what a player shows of the audio. */
export interface AudioMetadata {
  /** seconds, counted from the decoded samples */
  duration: number;
  /** hertz */
  sampleRate: number;
  channels: number;
  codec: string;
  format: string;
  originalFilename: string;
}

/** What an ingest made. Keys and sizes are null only if the job began under a version that did not tell them. */
export interface IngestResult {
  assetId: string;
  metadata: AudioMetadata;
  originalKey?: string | null;
  peaksKey?: string | null;
  peaksDatKey?: string | null;
  waveformKey?: string | null;
  /** of the original */
  contentType?: string | null;
  /** of the original */
  bytes?: number | null;
  /** bits per second */
  bitrate?: number | null;
  /** what browsers play, absent unless `playable` asked for it: the original, or a rendition */
  playableKey?: string | null;
}

/** A stretch of one source. Times in seconds of that source; `volume` is a linear factor. `gap` and `crossfade` are to the next clip. The id is for error messages only: it may be empty or that of another clip. */
export interface Clip {
  id: string;
  sourceAssetId: string;
  startTime: number;
  endTime: number;
  volume?: number;
  fadeIn?: number;
  fadeOut?: number;
  /** seconds of silence before the next clip */
  gap?: number;
  /** seconds that the next clip begins earlier */
  crossfade?: number;
}

export type FileFormat = "wav" | "flac" | "mp3" | "aac" | "opus";

/** Target and ceiling by name. `measure` renders nothing: it reports on the recipe's sound as it is. */
export type LoudnessPreset = "podcast" | "streaming" | "ebu" | "atsc" | "measure";

/** Format of a recipe's one file; `outputs` knows more of them. */
export type OutputFormat = "wav" | "aac";

/** What to render. `target_lufs` and `true_peak` override the settings when normalising, `aac_kbps` in AAC. */
export interface Recipe {
  version?: 1;
  assetId: string;
  clips: Clip[];
  normalize?: boolean;
  outputFormat?: OutputFormat;
  outputSampleRate?: number;
  targetLufs?: number | null;
  truePeak?: number | null;
  /** kbit/s of a stereo AAC file; mono takes half */
  aacKbps?: number | null;
  /** podcast (-16 LUFS, -1 dBTP), streaming (-14, -1), ebu (-23, -1) or atsc (-24, -2), and normalize; measure: a report, and no file */
  loudness?: LoudnessPreset | null;
  /** measure the sound and the file, and draw loudness over time */
  report?: boolean;
  /** the files of a save, each format once; the one of outputFormat if absent */
  outputs?: RecipeOutput[] | null;
  /** of the files of a save; a preview has none */
  tags?: RecipeTags | null;
  cover?: RecipeCover | null;
}

/** The cover of a save's files: an uploaded JPEG or PNG, or the cover in an asset's original. */
export interface RecipeCover {
  storageKey?: string | null;
  assetId?: string | null;
}

/** One file of a render. */
export interface RecipeOutput {
  format: FileFormat;
  /** bits of a sample of wav and flac, 16 if absent */
  bitDepth?: 16 | 24 | null;
  /** kbit/s of a stereo mp3 (192 if absent), aac or opus (128) file; mono takes half */
  kbps?: number | null;
}

/** Tags of a save's files: a closed list. Of control characters and line breaks they are cleaned. */
export interface RecipeTags {
  title?: string | null;
  artist?: string | null;
  album?: string | null;
  albumArtist?: string | null;
  composer?: string | null;
  genre?: string | null;
  /** a year, or ISO 8601 */
  date?: string | null;
  /** a number, or `3/12` */
  track?: string | null;
  disc?: string | null;
  comment?: string | null;
}

export interface PreviewMetadata {
  /** 1 is served first, 5 last; 3 if absent */
  priority?: number | null;
  /** whose job it is, at most 64 bytes: tenants are served in turn */
  tenant?: string | null;
  /** cancels older jobs of the same tenant that have the same value here */
  supersedes?: string | null;
  /** no two active rows of a type and tenant can have the same: the table refuses the second one */
  uniqueKey?: string | null;
  recipe: Recipe;
  /** names the preview's file; a digest of the recipe if absent */
  recipeHash?: string | null;
}

export interface PreviewResult {
  previewKey: string;
}

export interface SaveMetadata {
  /** 1 is served first, 5 last; 3 if absent */
  priority?: number | null;
  /** whose job it is, at most 64 bytes: tenants are served in turn */
  tenant?: string | null;
  /** cancels older jobs of the same tenant that have the same value here */
  supersedes?: string | null;
  /** no two active rows of a type and tenant can have the same: the table refuses the second one */
  uniqueKey?: string | null;
  recipe: Recipe;
}

/** Figures of a stored file, as it is when it is decoded. */
export interface FileLoudness {
  /** LUFS */
  integrated: number | null;
  /** LU, EBU Tech 3342 */
  range: number | null;
  /** LUFS, the loudest 3 seconds */
  shortTermMax: number | null;
  /** dBTP */
  truePeak: number | null;
  key: string;
}

/** What a meter says of a sound. None stands for silence, and for a sound below the gate or too short to measure. */
export interface LoudnessFigures {
  /** LUFS */
  integrated: number | null;
  /** LU, EBU Tech 3342 */
  range: number | null;
  /** LUFS, the loudest 3 seconds */
  shortTermMax: number | null;
  /** dBTP */
  truePeak: number | null;
}

/** The recipe's sound before its loudness is changed, and each file that was made of it. */
export interface LoudnessReport {
  source: LoudnessFigures;
  files: FileLoudness[];
  /** a picture of loudness over time */
  plotKey: string;
}

/** One stored file of `outputs`, and how loud it is when it is decoded. None stands for silence. */
export interface SavedFile {
  key: string;
  format: FileFormat;
  bytes: number;
  /** LUFS */
  integrated: number | null;
  /** dBTP */
  truePeak: number | null;
}

/** `prepared_key` is absent where nothing was rendered, `loudness` where no report was asked for. `outputs` is there where the recipe has `outputs`, in their order; `prepared_key` is the first of them. */
export interface SaveResult {
  assetId: string;
  preparedKey?: string | null;
  outputs?: SavedFile[] | null;
  loudness?: LoudnessReport | null;
}

/** `metadata` of a playlist row. Entries after `maxEntries` are left out. */
export interface PlaylistMetadata {
  /** 1 is served first, 5 last; 3 if absent */
  priority?: number | null;
  /** whose job it is, at most 64 bytes: tenants are served in turn */
  tenant?: string | null;
  /** cancels older jobs of the same tenant that have the same value here */
  supersedes?: string | null;
  /** no two active rows of a type and tenant can have the same: the table refuses the second one */
  uniqueKey?: string | null;
  url: string;
  maxEntries?: number;
  /** of a recording with several sound tracks, for sourceType youtube; the original's if absent */
  audioLanguage?: string | null;
  /** id of a playlist whose complete entries are taken over; the others are fetched */
  retryOf?: string | null;
  rightsAttested?: boolean;
  /** as in an ingest */
  rightsAttestedAt?: string | null;
}

/** The `status` column. Final states never change. pending -> processing -> complete | failed | cancelled, and pending -> cancelled. */
export type JobStatus = "pending" | "processing" | "complete" | "failed" | "cancelled";

/** How one entry ended: with an asset as in the result of an ingest, or with an error in one sentence. */
export interface PlaylistOutcome {
  url: string;
  title: string;
  status: JobStatus;
  assetId?: string | null;
  metadata?: AudioMetadata | null;
  originalKey?: string | null;
  peaksKey?: string | null;
  peaksDatKey?: string | null;
  waveformKey?: string | null;
  contentType?: string | null;
  bytes?: number | null;
  bitrate?: number | null;
  error?: string | null;
}

export interface PlaylistResult {
  entries: PlaylistOutcome[];
}

/** `metadata` of a delete row. An asset that is not there counts as deleted. */
export interface DeleteMetadata {
  /** 1 is served first, 5 last; 3 if absent */
  priority?: number | null;
  /** whose job it is, at most 64 bytes: tenants are served in turn */
  tenant?: string | null;
  /** cancels older jobs of the same tenant that have the same value here */
  supersedes?: string | null;
  /** no two active rows of a type and tenant can have the same: the table refuses the second one */
  uniqueKey?: string | null;
  assetIds: string[];
}

/** What the last attempt removed: after an attempt that was interrupted it found less than there had been. */
export interface DeleteResult {
  objects: number;
  bytes: number;
}

export const FINAL_STATUSES = ["complete", "failed", "cancelled"] as const;

export const JOB_TYPES = ["ingest", "preview", "edit", "save", "playlist", "delete"] as const;

export const LIMITS = {"maxClips": 50, "minClipSeconds": 0.1, "maxSeconds": 1000000, "minRate": 100, "maxRate": 384000, "minAacKbps": 64, "maxAacKbps": 1152, "maxOutputs": 4, "minOpusKbps": 32, "maxOpusKbps": 512, "anyFlacRate": 65534, "maxTagCharacters": 500, "maxKeyCharacters": 1024} as const;

export const AAC_LIMITS = {"7350": 88, "8000": 96, "11025": 132, "12000": 144, "16000": 192, "22050": 264, "24000": 288, "32000": 384, "44100": 529, "48000": 576, "64000": 768, "88200": 1058, "96000": 1152} as const;

export const MP3_LIMITS = {"8000": 64, "11025": 64, "12000": 64, "16000": 160, "22050": 160, "24000": 160, "32000": 320, "44100": 320, "48000": 320} as const;

export const MP3_KBPS = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const;

export const FORMATS = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "aac": "AAC", "opus": "Opus"} as const;

export const TAGS = ["title", "artist", "album", "albumArtist", "composer", "genre", "date", "track", "disc", "comment"] as const;

export const PREVIEW_RATES = [32000, 44100, 48000] as const;

export const PRESETS = {"podcast": {"targetLufs": -16.0, "truePeak": -1.0}, "streaming": {"targetLufs": -14.0, "truePeak": -1.0}, "ebu": {"targetLufs": -23.0, "truePeak": -1.0}, "atsc": {"targetLufs": -24.0, "truePeak": -2.0}} as const;

export const MEASURE = "measure" as const;

export const RENDERER = 1 as const;

export const HEARD = ["clips", "normalize", "targetLufs", "truePeak"] as const;

export const HEARD_IN_CLIP = ["sourceAssetId", "startTime", "endTime", "volume", "fadeIn", "fadeOut", "gap", "crossfade"] as const;

export const RETRYABLE = ["BotCheck", "SiteLimit", "SiteChanged", "ExitFailed", "TimedOut", "Stalled", "Network", "Storage", "ChildFailed", "SiteBusy", "WorkerShutdown", "Terminated", "Lost", "Unexpected"] as const;

export const STAGE_STARTS = {"ingest": {"queued": 0, "downloading": 1, "analyzing": 41, "finalizing": 98}, "preview": {"queued": 0, "downloading": 1, "rendering": 11, "uploading": 95}, "save": {"queued": 0, "downloading": 1, "normalizing": 9, "rendering": 27, "uploading": 93, "finalizing": 98}, "playlist": {"queued": 0, "expanding": 1, "ingesting": 5}, "delete": {"queued": 0, "deleting": 1}} as const;
