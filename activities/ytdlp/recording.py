"""One recording on its way through yt-dlp: within the limits while the file grows, and a file at the end."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile, safe_name, title_name
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.ytdlp.output import Choice, Entry, Media, Progress, Said, Stored
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.keys import extension_of


@dataclass(slots=True)
class Recording:
    """What one download has said so far."""

    limits: MediaLimits
    step: AttemptContext
    media: Media | None = None
    paths: list[str] = field(default_factory=list)

    async def take(self, said: Said) -> None:
        match said:
            case Media():
                self.media = said
                _check_media(said, self.limits)
                self.step.keep_alive()
            case Choice():
                if said.is_preview:
                    raise PermanentError(ErrorKind.REFUSED, "The site gives only a preview of the recording.")
            case Progress():
                self.limits.check_size(int(max(said.downloaded_bytes, said.total_bytes or 0)))
                self.limits.check_size(await asyncio.to_thread(_folder_size, self.step.scratch))
                if said.fraction is None:
                    self.step.keep_alive()
                else:
                    self.step.report_progress(said.fraction)
            case Stored():
                self.paths.append(said.path)
            case Entry():
                pass  # of a list, which was not asked for

    def result(self) -> DownloadedFile:
        """The file. Raises PermanentError when there is none in spite of exit code 0: the size limit skipped it."""
        if self.media is None:
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The page has no recording that yt-dlp can find.")
        if not self.paths:
            self.limits.check_size(self.limits.max_bytes + 1)
        path = Path(self.paths[-1])
        if path.resolve().parent != self.step.scratch.resolve() or not path.is_file() or path.is_symlink():
            raise TransientError(ErrorKind.CHILD_FAILED, "yt-dlp did not store the recording where it was told to.")
        self.limits.check_size(path.stat().st_size)
        name = title_name(self.media.title, extension_of(path.name))
        return DownloadedFile(path, name, safe_name(self.media.id, "") or None, self.media.duration, titled=True)


def _check_media(media: Media, limits: MediaLimits) -> None:
    """Raises PermanentError before a byte of the recording itself has come."""
    if media.is_live:
        raise PermanentError(
            ErrorKind.UNSUPPORTED_MEDIA, "The URL is a live stream: it can be fetched once it has ended."
        )
    if media.is_of_a_list:
        what = f"lists {media.playlist_count} recordings" if media.playlist_count else "is a channel or list"
        sentence = f"The URL {what}: submit it as a playlist, or give the URL of one."
        raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, sentence)
    if media.live_status == "post_live":
        sentence = "The live stream has just ended, and its recording is still being made: try again in some hours."
        raise PermanentError(ErrorKind.SOURCE_MISSING, sentence)
    if media.live_status == "is_upcoming":
        raise PermanentError(ErrorKind.SOURCE_MISSING, "The recording has not been published yet.")
    if media.duration is not None:
        limits.check_duration(media.duration)


def _folder_size(folder: Path) -> int:
    total = 0
    for path in folder.iterdir():
        try:
            total += path.lstat().st_size
        except FileNotFoundError:  # a fragment that was joined in this moment
            continue
    return total
