"""Types and constants made by `make clients-code` from the models of audioprep; not edited by hand."""

from __future__ import annotations

from typing import Final, Literal, NotRequired, TypedDict

ErrorKind = Literal[
    "InvalidPayload",
    "SourceMissing",
    "UnsupportedMedia",
    "LimitExceeded",
    "Refused",
    "BotCheck",
    "SiteLimit",
    "SiteChanged",
    "ExitFailed",
    "TimedOut",
    "Stalled",
    "Network",
    "Storage",
    "ChildFailed",
    "SiteBusy",
    "WorkerShutdown",
    "InvalidResult",
    "Terminated",
    "Superseded",
    "Lost",
    "Unexpected",
]

JsonValue = object

WebhookType = Literal[
    "job.complete",
    "job.failed",
    "job.cancelled",
    "webhook.test",
]

PeakChannels = Literal[
    "mixed",
    "split",
]

SourceType = Literal[
    "youtube",
    "url",
    "audio_file",
    "video_file",
]

FileFormat = Literal[
    "wav",
    "flac",
    "mp3",
    "aac",
    "opus",
]

LoudnessPreset = Literal[
    "podcast",
    "streaming",
    "ebu",
    "atsc",
    "measure",
]

OutputFormat = Literal[
    "wav",
    "aac",
]

JobStatus = Literal[
    "pending",
    "processing",
    "complete",
    "failed",
    "cancelled",
]


class ErrorFacts(TypedDict):
    """What a failed row says to programs."""

    kind: ErrorKind
    retryable: bool
    attempts: int


class FailedResult(TypedDict):
    """`result` of a failed row; `error` holds the sentence for people."""

    error: ErrorFacts
    retriedAs: NotRequired[str | None]


class EventData(TypedDict):
    """What an event says of its job."""

    jobId: str
    jobType: str
    tableId: str
    status: str
    tenant: NotRequired[str | None]
    result: NotRequired[JsonValue]
    resultOmitted: NotRequired[bool]
    error: NotRequired[EventError | None]
    retryCount: NotRequired[int]
    createdAt: NotRequired[str]
    endedAt: str


class EventError(TypedDict):
    """Why a job failed, or was superseded."""

    message: str
    kind: ErrorKind | None
    retryable: bool
    attempts: int


class WebhookEvent(TypedDict):
    """The body of a webhook: `{type, timestamp, data}`, at most 20,000 bytes of JSON."""

    type: WebhookType
    timestamp: str
    data: EventData


class IngestMetadata(TypedDict):
    """`metadata` of an ingest row. A remote source needs `url`, an uploaded one `storageKey`."""

    priority: NotRequired[int | None]
    tenant: NotRequired[str | None]
    supersedes: NotRequired[str | None]
    uniqueKey: NotRequired[str | None]
    sourceType: SourceType
    url: NotRequired[str | None]
    rightsAttested: NotRequired[bool]
    rightsAttestedAt: NotRequired[str | None]
    storageKey: NotRequired[str | None]
    originalFilename: NotRequired[str | None]
    peakChannels: NotRequired[PeakChannels]
    deleteUpload: NotRequired[bool]
    playable: NotRequired[bool]
    retryOf: NotRequired[str | None]
    audioLanguage: NotRequired[str | None]


class AudioMetadata(TypedDict):
    """`result.metadata` of an ingest: what a player shows of the audio."""

    duration: float
    sampleRate: int
    channels: int
    codec: str
    format: str
    originalFilename: str


class IngestResult(TypedDict):
    """What an ingest made.

    Keys and sizes are null only if the job began under a version that did not tell them.
    """

    assetId: str
    metadata: AudioMetadata
    originalKey: NotRequired[str | None]
    peaksKey: NotRequired[str | None]
    peaksDatKey: NotRequired[str | None]
    waveformKey: NotRequired[str | None]
    contentType: NotRequired[str | None]
    bytes: NotRequired[int | None]
    bitrate: NotRequired[int | None]
    playableKey: NotRequired[str | None]


class Clip(TypedDict):
    """A stretch of one source.

    Times in seconds of that source; `volume` is a linear factor. `gap` and `crossfade` are to the next clip. The id is for error messages only: it may be empty or that of another clip.
    """

    id: str
    sourceAssetId: str
    startTime: float
    endTime: float
    volume: NotRequired[float]
    fadeIn: NotRequired[float]
    fadeOut: NotRequired[float]
    gap: NotRequired[float]
    crossfade: NotRequired[float]


class Recipe(TypedDict):
    """What to render.

    `target_lufs` and `true_peak` override the settings when normalising, `aac_kbps` in AAC.
    """

    version: NotRequired[Literal[1]]
    assetId: str
    clips: list[Clip]
    normalize: NotRequired[bool]
    outputFormat: NotRequired[OutputFormat]
    outputSampleRate: NotRequired[int]
    targetLufs: NotRequired[float | None]
    truePeak: NotRequired[float | None]
    aacKbps: NotRequired[int | None]
    loudness: NotRequired[LoudnessPreset | None]
    report: NotRequired[bool]
    outputs: NotRequired[list[RecipeOutput] | None]
    tags: NotRequired[RecipeTags | None]
    cover: NotRequired[RecipeCover | None]


class RecipeCover(TypedDict):
    """The cover of a save's files: an uploaded JPEG or PNG, or the cover in an asset's original."""

    storageKey: NotRequired[str | None]
    assetId: NotRequired[str | None]


class RecipeOutput(TypedDict):
    """One file of a render."""

    format: FileFormat
    bitDepth: NotRequired[Literal[16, 24] | None]
    kbps: NotRequired[int | None]


class RecipeTags(TypedDict):
    """Tags of a save's files: a closed list. Of control characters and line breaks they are cleaned."""

    title: NotRequired[str | None]
    artist: NotRequired[str | None]
    album: NotRequired[str | None]
    albumArtist: NotRequired[str | None]
    composer: NotRequired[str | None]
    genre: NotRequired[str | None]
    date: NotRequired[str | None]
    track: NotRequired[str | None]
    disc: NotRequired[str | None]
    comment: NotRequired[str | None]


class PreviewMetadata(TypedDict):
    """`PreviewMetadata`, as a row holds it."""

    priority: NotRequired[int | None]
    tenant: NotRequired[str | None]
    supersedes: NotRequired[str | None]
    uniqueKey: NotRequired[str | None]
    recipe: Recipe
    recipeHash: NotRequired[str | None]


class PreviewResult(TypedDict):
    """`PreviewResult`, as a row holds it."""

    previewKey: str


class SaveMetadata(TypedDict):
    """`SaveMetadata`, as a row holds it."""

    priority: NotRequired[int | None]
    tenant: NotRequired[str | None]
    supersedes: NotRequired[str | None]
    uniqueKey: NotRequired[str | None]
    recipe: Recipe


class FileLoudness(TypedDict):
    """Figures of a stored file, as it is when it is decoded."""

    integrated: float | None
    range: float | None
    shortTermMax: float | None
    truePeak: float | None
    key: str


class LoudnessFigures(TypedDict):
    """What a meter says of a sound.

    None stands for silence, and for a sound below the gate or too short to measure.
    """

    integrated: float | None
    range: float | None
    shortTermMax: float | None
    truePeak: float | None


class LoudnessReport(TypedDict):
    """The recipe's sound before its loudness is changed, and each file that was made of it."""

    source: LoudnessFigures
    files: list[FileLoudness]
    plotKey: str


class SavedFile(TypedDict):
    """One stored file of `outputs`, and how loud it is when it is decoded. None stands for silence."""

    key: str
    format: FileFormat
    bytes: int
    integrated: float | None
    truePeak: float | None


class SaveResult(TypedDict):
    """`prepared_key` is absent where nothing was rendered, `loudness` where no report was asked for.

    `outputs` is there where the recipe has `outputs`, in their order; `prepared_key` is the first of them.
    """

    assetId: str
    preparedKey: NotRequired[str | None]
    outputs: NotRequired[list[SavedFile] | None]
    loudness: NotRequired[LoudnessReport | None]


class PlaylistMetadata(TypedDict):
    """`metadata` of a playlist row. Entries after `maxEntries` are left out."""

    priority: NotRequired[int | None]
    tenant: NotRequired[str | None]
    supersedes: NotRequired[str | None]
    uniqueKey: NotRequired[str | None]
    url: str
    maxEntries: NotRequired[int]
    audioLanguage: NotRequired[str | None]
    retryOf: NotRequired[str | None]
    rightsAttested: NotRequired[bool]
    rightsAttestedAt: NotRequired[str | None]


class PlaylistOutcome(TypedDict):
    """How one entry ended: with an asset as in the result of an ingest, or with an error in one sentence."""

    url: str
    title: str
    status: JobStatus
    assetId: NotRequired[str | None]
    metadata: NotRequired[AudioMetadata | None]
    originalKey: NotRequired[str | None]
    peaksKey: NotRequired[str | None]
    peaksDatKey: NotRequired[str | None]
    waveformKey: NotRequired[str | None]
    contentType: NotRequired[str | None]
    bytes: NotRequired[int | None]
    bitrate: NotRequired[int | None]
    error: NotRequired[str | None]


class PlaylistResult(TypedDict):
    """`PlaylistResult`, as a row holds it."""

    entries: list[PlaylistOutcome]


class DeleteMetadata(TypedDict):
    """`metadata` of a delete row. An asset that is not there counts as deleted."""

    priority: NotRequired[int | None]
    tenant: NotRequired[str | None]
    supersedes: NotRequired[str | None]
    uniqueKey: NotRequired[str | None]
    assetIds: list[str]


class DeleteResult(TypedDict):
    """What the last attempt removed: after an attempt that was interrupted it found less than there had been."""

    objects: int
    bytes: int


FINAL_STATUSES: Final = ("complete", "failed", "cancelled")
JOB_TYPES: Final = ("ingest", "preview", "edit", "save", "playlist", "delete")
LIMITS: Final = {
    "maxClips": 50,
    "minClipSeconds": 0.1,
    "maxSeconds": 1000000,
    "minRate": 100,
    "maxRate": 384000,
    "minAacKbps": 64,
    "maxAacKbps": 1152,
    "maxOutputs": 4,
    "minOpusKbps": 32,
    "maxOpusKbps": 512,
    "anyFlacRate": 65534,
    "maxTagCharacters": 500,
    "maxKeyCharacters": 1024,
}
AAC_LIMITS: Final = {
    7350: 88,
    8000: 96,
    11025: 132,
    12000: 144,
    16000: 192,
    22050: 264,
    24000: 288,
    32000: 384,
    44100: 529,
    48000: 576,
    64000: 768,
    88200: 1058,
    96000: 1152,
}
MP3_LIMITS: Final = {
    8000: 64,
    11025: 64,
    12000: 64,
    16000: 160,
    22050: 160,
    24000: 160,
    32000: 320,
    44100: 320,
    48000: 320,
}
MP3_KBPS: Final = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
FORMATS: Final = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "aac": "AAC", "opus": "Opus"}
TAGS: Final = ("title", "artist", "album", "albumArtist", "composer", "genre", "date", "track", "disc", "comment")
PREVIEW_RATES: Final = (32000, 44100, 48000)
PRESETS: Final[dict[str, dict[str, float]]] = {
    "podcast": {"targetLufs": -16.0, "truePeak": -1.0},
    "streaming": {"targetLufs": -14.0, "truePeak": -1.0},
    "ebu": {"targetLufs": -23.0, "truePeak": -1.0},
    "atsc": {"targetLufs": -24.0, "truePeak": -2.0},
}
MEASURE: Final = "measure"
RENDERER: Final = 1
HEARD: Final = ("clips", "normalize", "targetLufs", "truePeak")
HEARD_IN_CLIP: Final = ("sourceAssetId", "startTime", "endTime", "volume", "fadeIn", "fadeOut", "gap", "crossfade")
RETRYABLE: Final = (
    "BotCheck",
    "SiteLimit",
    "SiteChanged",
    "ExitFailed",
    "TimedOut",
    "Stalled",
    "Network",
    "Storage",
    "ChildFailed",
    "SiteBusy",
    "WorkerShutdown",
    "Terminated",
    "Lost",
    "Unexpected",
)
STAGE_STARTS: Final = {
    "ingest": {"queued": 0, "downloading": 1, "analyzing": 41, "finalizing": 98},
    "preview": {"queued": 0, "downloading": 1, "rendering": 11, "uploading": 95},
    "save": {"queued": 0, "downloading": 1, "normalizing": 9, "rendering": 27, "uploading": 93, "finalizing": 98},
    "playlist": {"queued": 0, "expanding": 1, "ingesting": 5},
    "delete": {"queued": 0, "deleting": 1},
}
