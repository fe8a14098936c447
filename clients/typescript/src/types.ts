/** Types of a row: metadata and result by job type, a job by status. */
import type {
  Clip,
  DeleteMetadata,
  DeleteResult,
  ErrorFacts,
  FailedResult,
  IngestMetadata as AnyIngest,
  IngestResult,
  PlaylistMetadata,
  PlaylistResult,
  PreviewMetadata as AnyPreview,
  PreviewResult,
  Recipe as AnyRecipe,
  SaveMetadata as AnySave,
  SaveResult,
} from "./generated.js";
import { AAC_LIMITS, type JOB_TYPES, type MP3_KBPS } from "./generated.js";

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], null> | undefined;
};

/** An uploaded file by its storage key, or a recording by its URL. */
export type IngestMetadata = Omit<Given<AnyIngest>, "sourceType" | "url" | "storageKey"> &
  (
    | { sourceType: "audio_file" | "video_file"; storageKey: string; url?: never }
    | { sourceType: "url" | "youtube"; url: string; storageKey?: never }
  );

/** The sample rates that AAC has, in hertz. */
export type AacRate = { [R in keyof typeof AAC_LIMITS]: R extends `${infer N extends number}` ? N : never }[keyof typeof AAC_LIMITS];

/** One file of a save. Bit rates are of a stereo file; mono takes half. */
export type RecipeOutput =
  | { format: "wav" | "flac"; bitDepth?: 16 | 24; kbps?: never }
  | { format: "mp3"; kbps?: (typeof MP3_KBPS)[number]; bitDepth?: never }
  | { format: "aac" | "opus"; kbps?: number; bitDepth?: never };

/** The cover of a save's files: an uploaded JPEG or PNG, or the cover in an asset's original. */
export type RecipeCover = { storageKey: string; assetId?: never } | { assetId: string; storageKey?: never };

/** What to render: clips played one after the other, and the form of the file, or `outputs`, which takes its place. */
export type Recipe = Omit<Given<AnyRecipe>, "clips" | "outputFormat" | "outputSampleRate" | "aacKbps" | "outputs" | "cover"> & {
  clips: Given<Clip>[];
  outputs?: RecipeOutput[];
  cover?: RecipeCover;
} & (
    | { outputFormat?: "wav"; outputSampleRate?: number; aacKbps?: never }
    | { outputFormat: "aac"; outputSampleRate?: AacRate; aacKbps?: number }
  );

export type PreviewMetadata = Omit<Given<AnyPreview>, "recipe"> & { recipe: Recipe };
export type SaveMetadata = Omit<Given<AnySave>, "recipe"> & { recipe: Recipe };

/** `metadata` by job type. */
export interface Metadata {
  ingest: IngestMetadata;
  preview: PreviewMetadata;
  edit: PreviewMetadata;
  save: SaveMetadata;
  playlist: Given<PlaylistMetadata>;
  delete: Given<DeleteMetadata>;
}

/** `result` of a complete row by job type. */
export interface Results {
  ingest: IngestResult;
  preview: PreviewResult;
  edit: PreviewResult;
  save: SaveResult;
  playlist: PlaylistResult;
  delete: DeleteResult;
}

export type JobType = (typeof JOB_TYPES)[number];

/** The id of a job; it remembers the type in TypeScript, and is a plain string otherwise. */
export type JobId<T extends JobType = JobType> = string & { readonly jobType?: T };

interface Common<T> {
  id: string;
  type: T;
  /** What a processing job does; null while it waits, and after an acknowledged cancel. */
  stage: string | null;
  /** 0 to 100, of the whole job; it never falls while the job is processing. */
  progress: number;
  retryCount: number;
  createdAt: string;
  updatedAt: string;
}

/** One row, typed by its type and status. */
export type Job<T extends JobType = JobType> = T extends JobType
  ? Common<T> &
      (
        | { status: "pending" | "processing"; result: null; error: null; failure: null }
        | { status: "complete"; result: Results[T]; error: null; failure: null }
        | { status: "failed"; result: null; error: string; failure: ErrorFacts }
        | { status: "cancelled"; result: null; error: string | null; failure: ErrorFacts | null } // kind Superseded
      )
  : never;

/** A job that has ended. */
export type EndedJob<T extends JobType = JobType> = Extract<Job<T>, { status: "complete" | "failed" | "cancelled" }>;

export type { ErrorFacts, FailedResult };
