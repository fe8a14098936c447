"""Runs of yt-dlp: supervised, behind the egress proxy, within the limits while the file grows."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeAlias, TypeVar

import structlog

from audioprep.activities.attempt.context import AttemptContext
from audioprep.activities.attempt.files import DownloadedFile
from audioprep.activities.attempt.media_limits import MediaLimits
from audioprep.activities.download.address_policy import NetworkRules
from audioprep.activities.download.egress_proxy import egress_proxy
from audioprep.activities.download.exits.access import CookiesWhen
from audioprep.activities.download.exits.exit import Exit
from audioprep.activities.download.exits.guard import Visit
from audioprep.activities.download.http_status import MAX_RETRY_AFTER
from audioprep.activities.download.proxy_request import ProxyStats
from audioprep.activities.download.urls import check_host, parse_url
from audioprep.activities.process.supervisor import child_process
from audioprep.activities.ytdlp.attempt import attempt_number, count_exit_bytes, exit_session, exit_turn, record_age
from audioprep.activities.ytdlp.command import (
    child_limits,
    download_command,
    environment,
    expand_command,
    options_on_stdin,
    version_of,
)
from audioprep.activities.ytdlp.cookies import check_list, check_no_account, copy_cookies
from audioprep.activities.ytdlp.errors import Judgement, judge
from audioprep.activities.ytdlp.messages.complaint import Complaint, parse_stderr
from audioprep.activities.ytdlp.output import Entry, Media, Said, parse_line
from audioprep.activities.ytdlp.recording import Recording
from audioprep.jobs.errors import ErrorKind, PermanentError, TransientError
from audioprep.jobs.text.hosts import site_of

_PAGES: Final = 64 * 1024 * 1024  # bytes of pages, scripts and manifests on top of the recording itself

# Longer than it takes to find that a site is too slow, shorter than the silence after which heartbeats stop.
_STALL_TIMEOUT: Final = 85.0  # seconds

_Take: TypeAlias = Callable[[Said], Awaitable[None]]
_T = TypeVar("_T")

log = structlog.get_logger()


class _FailedRun(Exception):
    """yt-dlp ended with an error, and what follows from it."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.error.message)
        self.judgement = judgement


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

        async def run(visit: Visit, cookies: bool) -> DownloadedFile:
            seen = Recording(self._limits, step)

            async def take(said: Said) -> None:
                if isinstance(said, Media):
                    visit.through()
                await seen.take(said)

            command = download_command(self._limits, language, self._rules.access)
            await self._run(url, step, command, take, visit, cookies)
            return await asyncio.to_thread(seen.result)

        return await self._visit(url, run)

    async def expand(self, url: str, max_entries: int, step: AttemptContext) -> list[Entry]:
        """The first `max_entries` recordings that `url` lists. Raises as `fetch`; an empty list is permanent, too."""

        async def run(visit: Visit, cookies: bool) -> list[Entry]:
            entries: list[Entry] = []

            async def take(said: Said) -> None:
                step.keep_alive()
                if isinstance(said, Entry) and said.source_url and len(entries) < max_entries:
                    if cookies:
                        check_list(said.playlist_id)
                    entries.append(said)

            await self._run(url, step, expand_command(max_entries, self._rules.access), take, visit, cookies)
            if not entries:
                raise PermanentError(ErrorKind.UNSUPPORTED_MEDIA, "The page lists no recording that yt-dlp can find.")
            return entries

        return await self._visit(url, run)

    async def _visit(self, url: str, run: Callable[[Visit, bool], Awaitable[_T]]) -> _T:
        """Run within a visit of the URL's site: by one exit, and with the operator's account once it is asked for."""
        parsed = parse_url(url)
        check_host(parsed, self._rules.ytdlp_hosts)
        access, guard, site = self._rules.access, self._rules.guard, site_of(url)
        if access.cookies is not None:
            check_no_account(url)
        async with guard.visit(site, access.exits_for(parsed.host or ""), exit_turn()) as visit:
            cookies = access.cookies is not None and (
                access.cookies_when is CookiesWhen.ALWAYS or guard.wants_account(site)
            )
            try:
                return await run(visit, cookies)
            except _FailedRun as failed:
                judgement = failed.judgement
            if access.cookies is not None and not cookies and (judgement.account or judgement.refuses_server):
                try:
                    found = await run(visit, True)
                except _FailedRun as failed:
                    judgement = failed.judgement
                else:
                    guard.account_helped(site)
                    return found
            raise guard.refused(visit, judgement.error) if judgement.refuses_server else judgement.error

    async def _run(
        self, url: str, step: AttemptContext, command: list[str], take: _Take, visit: Visit, cookies: bool
    ) -> None:
        """One run to its end. Raises _FailedRun with what yt-dlp said, and JobError for what our side found."""
        parsed, access = parse_url(url), self._rules.access
        host = parsed.host or ""
        traffic = ProxyStats(self._limits.max_bytes + _PAGES, self._limits.watch_rate(0))
        jar = step.scratch / "cookies.txt"
        record_age(command[0])
        if cookies and access.cookies is not None:
            await asyncio.to_thread(copy_cookies, access.cookies, host, jar)
        try:
            async with (
                egress_proxy(self._rules.policy, traffic, leave_by=visit.exit.with_session(exit_session())) as proxy,
                child_process(
                    command,
                    cwd=step.scratch,
                    env=environment(step.scratch),
                    limits=child_limits(self._limits),
                    stdin=options_on_stdin(url, proxy, access, jar if cookies else None),
                    stall_timeout=_STALL_TIMEOUT,
                ) as child,
            ):
                async for line in child.lines():
                    said = parse_line(line)
                    if said is not None:
                        await take(said)
                code = await child.wait()
        finally:
            count_exit_bytes(visit.exit, self._limits.max_bytes + _PAGES - traffic.budget)
            await asyncio.to_thread(jar.unlink, missing_ok=True)
        if code != 0 or traffic.over:
            complaint = parse_stderr(child.stderr_tail)
            way = {"version": version_of(command[0]), **({"exit": visit.exit.label} if access.exits else {})}
            log.warning("ytdlp_said", error=complaint.error, warnings=list(complaint.warnings), **way)
            self._check_traffic(complaint, traffic, visit.exit)
            asked = traffic.retry_after
            raise _FailedRun(judge(complaint, host, self._delay() if asked is None else asked))

    def _check_traffic(self, said: Complaint, traffic: ProxyStats, used: Exit) -> None:
        """What our proxy refused explains a failure better than what yt-dlp made of the refusal."""
        if traffic.refused:
            sentence = f"The URL may not be fetched: {traffic.refused} does not lead to a public address."
            raise PermanentError(ErrorKind.REFUSED, sentence)
        if traffic.exhausted:
            sentence = "The site sends more data than the limit for a source allows."
            raise PermanentError(ErrorKind.LIMIT_EXCEEDED, sentence)
        if traffic.slow:
            raise self._limits.too_slow(traffic.slow)
        if traffic.exit_fault:
            sentence = f"The operator's exit {used.label} {traffic.exit_fault}: the operator has to look."
            raise TransientError(ErrorKind.EXIT_FAILED, sentence)
        if traffic.unreachable and "502" in said.error:
            if traffic.nameless:
                raise PermanentError(ErrorKind.SOURCE_MISSING, f"The name {traffic.unreachable} does not exist.")
            raise TransientError(ErrorKind.NETWORK, f"The connection to {traffic.unreachable} failed.")

    def _delay(self) -> timedelta:
        """Until this attempt's successor: a site that refuses does so for longer than a connection is broken."""
        return min(timedelta(seconds=self._rules.site_retry_delay * 2 ** (attempt_number() - 1)), MAX_RETRY_AFTER)
