"""Runs of yt-dlp: supervised, behind the egress proxy, within the limits while the file grows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias

import structlog
from temporalio import activity

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.egress_proxy import egress_proxy
from audioprep.activities.download.http_status import MAX_RETRY_AFTER
from audioprep.activities.download.proxy_request import ProxyStats
from audioprep.activities.download.urls import check_host, parse_url
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.ytdlp.command import (
    child_limits,
    download_command,
    environment,
    expand_command,
    options_on_stdin,
)
from audioprep.activities.ytdlp.errors import classify
from audioprep.activities.ytdlp.messages.complaint import Complaint, parse_stderr
from audioprep.activities.ytdlp.output import Entry, Said, parse_line
from audioprep.activities.ytdlp.recording import Recording
from audioprep.jobs.errors import ErrorKind, JobError, PermanentError, TransientError

_PAGES: Final = 64 * 1024 * 1024  # bytes of pages, scripts and manifests on top of the recording itself

# Longer than it takes to find that a site is too slow, shorter than the silence after which heartbeats stop.
_STALL_TIMEOUT: Final = 85.0  # seconds

_Take: TypeAlias = Callable[[Said], Awaitable[None]]

log = structlog.get_logger()


class YtDlp:
    """What we ask of yt-dlp: one recording, or the entries of a list."""

    def __init__(self, rules: NetworkRules, limits: MediaLimits) -> None:
        self._rules = rules
        self._limits = limits

    async def fetch(self, url: str, step: AttemptContext, language: str | None = None) -> DownloadedFile:
        """The recording behind `url`, as a new file in the step's scratch folder, named after its title.

        `language` is the wish for its sound; without one, or where there is none in it, it is the original's.

        Raises PermanentError for what will never work, TransientError for what may pass.
        """
        seen = Recording(self._limits, step)
        await self._run(url, step, download_command(self._limits, language), seen.take)
        return await asyncio.to_thread(seen.result)

    async def expand(self, url: str, max_entries: int, step: AttemptContext) -> list[Entry]:
        """The first `max_entries` recordings that `url` lists. Raises as `fetch`; an empty list is permanent, too."""
        entries: list[Entry] = []

        async def take(said: Said) -> None:
            step.keep_alive()
            if isinstance(said, Entry) and said.source_url and len(entries) < max_entries:
                entries.append(said)

        await self._run(url, step, expand_command(max_entries), take)
        if not entries:
            raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The page lists no recording that yt-dlp can find.")
        return entries

    async def _run(self, url: str, step: AttemptContext, command: list[str], take: _Take) -> None:
        parsed = parse_url(url)
        check_host(parsed, self._rules.ytdlp_hosts)
        traffic = ProxyStats(self._limits.max_bytes + _PAGES, self._limits.watch_rate(0))
        async with (
            egress_proxy(self._rules.policy, traffic) as proxy,
            child_process(
                command,
                cwd=step.scratch,
                env=environment(step.scratch),
                limits=child_limits(self._limits),
                stdin=options_on_stdin(url, proxy),
                stall_timeout=_STALL_TIMEOUT,
            ) as child,
        ):
            async for line in child.lines():
                said = parse_line(line)
                if said is not None:
                    await take(said)
            code = await child.wait()
        if code != 0 or traffic.over:
            complaint = parse_stderr(child.stderr_tail)
            log.warning("ytdlp_said", error=complaint.error, warnings=list(complaint.warnings))
            raise self._explain(complaint, parsed.host or "", traffic)

    def _explain(self, said: Complaint, host: str, traffic: ProxyStats) -> JobError:
        """What our proxy refused explains a failure better than what yt-dlp made of the refusal."""
        if traffic.refused:
            sentence = f"The URL may not be fetched: {traffic.refused} does not lead to a public address."
            return PermanentError(ErrorKind.REFUSED, sentence)
        if traffic.exhausted:
            sentence = "The site sends more data than the limit for a source allows."
            return PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)
        if traffic.slow:
            return self._limits.too_slow(traffic.slow)
        if traffic.unreachable and "502" in said.error:
            return TransientError(ErrorKind.NETWORK, f"The connection to {traffic.unreachable} failed.")
        asked = traffic.retry_after
        return classify(said, host, self._delay() if asked is None else asked)

    def _delay(self) -> timedelta:
        """Until this attempt's successor: a site that refuses does so for longer than a connection is broken."""
        earlier = activity.info().attempt - 1 if activity.in_activity() else 0
        return min(timedelta(seconds=self._rules.site_retry_delay * 2**earlier), MAX_RETRY_AFTER)
