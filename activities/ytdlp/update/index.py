"""A package index: which wheel is the newest, and its bytes, checked against the hash that the index gives.

The form is JSON: https://peps.python.org/pep-0691/. The index is the operator's to name.
"""

import hashlib
import re
import zipfile
from email.parser import HeaderParser
from io import BytesIO
from typing import Final
from urllib.parse import urljoin

import aiohttp
from pydantic import BaseModel, Field, ValidationError

_JSON: Final = "application/vnd.pypi.simple.v1+json"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=120, sock_connect=15, sock_read=30)  # seconds
_MAX_LIST: Final = 64 * 1024 * 1024  # bytes of a project's list of files
_MAX_WHEEL: Final = 32 * 1024 * 1024  # bytes
_VERSION: Final = re.compile(r"\d{1,6}(?:\.\d{1,6}){1,5}")  # no pre-releases
_PIN: Final = re.compile(r"([A-Za-z0-9._-]{1,100}) ?(?:\(?== ?([0-9.]{1,40})\)?)")


class UpdateFailed(Exception):
    """The message is one line for the operator."""


class _File(BaseModel):
    filename: str
    url: str
    hashes: dict[str, str] = {}
    yanked: bool | str = False


class _Project(BaseModel):
    files: list[_File] = Field(default_factory=list)


class Wheel(BaseModel):
    """One file of a project, with its version."""

    version: str
    url: str
    sha256: str

    @property
    def order(self) -> tuple[int, ...]:
        return order_of(self.version)


def order_of(version: str) -> tuple[int, ...]:
    """Versions of yt-dlp are dates: `2026.8.19` and `2026.08.19` are one."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:6])


def wheels_of(listing: bytes, project: str, base: str) -> list[Wheel]:
    """The pure Python wheels that may be used, oldest first. Raises UpdateFailed for what is no list of files."""
    try:
        files = _Project.model_validate_json(listing).files
    except ValidationError:
        raise UpdateFailed("the index does not answer with a list of files in JSON (PEP 691)") from None
    name = re.escape(project.replace("-", "_"))
    pattern = re.compile(rf"{name}-({_VERSION.pattern})-(?:py2\.)?py3-none-any\.whl")
    found = [
        Wheel(version=match[1], url=urljoin(base, file.url), sha256=file.hashes["sha256"])
        for file in files
        if (match := pattern.fullmatch(file.filename)) and file.hashes.get("sha256") and not file.yanked
    ]
    return sorted(found, key=lambda wheel: wheel.order)


def pinned(wheel: bytes, dependency: str) -> str | None:
    """The version of `dependency` that a wheel asks for exactly, in its own metadata."""
    with zipfile.ZipFile(BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = HeaderParser().parsestr(archive.read(name).decode("utf-8", "replace"))
    for line in metadata.get_all("Requires-Dist", []):
        match = _PIN.match(line)
        if match and match[1].lower().replace("_", "-") == dependency:
            return match[2]
    return None


class Index:
    """Questions to one index, in one session: `async with`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def __aenter__(self) -> "Index":
        self._session = aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def wheels(self, project: str) -> list[Wheel]:
        base = f"{self._url}/{project}/"
        return wheels_of(await self._get(base, _MAX_LIST), project, base)

    async def content(self, wheel: Wheel) -> bytes:
        """Raises UpdateFailed if it is not what the index says."""
        content = await self._get(wheel.url, _MAX_WHEEL)
        if hashlib.sha256(content).hexdigest() != wheel.sha256:
            raise UpdateFailed(f"the file of version {wheel.version} does not have the hash that the index gives")
        return content

    async def _get(self, url: str, most: int) -> bytes:
        try:
            async with self._session.get(url, headers={"Accept": _JSON}) as answer:
                if answer.status != 200:
                    raise UpdateFailed(f"the index answered with HTTP {answer.status}")
                content = await answer.content.read(most + 1)
                while len(content) <= most and (more := await answer.content.read(most + 1 - len(content))):
                    content += more
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UpdateFailed(f"the index could not be asked ({type(error).__name__})") from None
        if len(content) > most:
            raise UpdateFailed("the index sends more than a list or a wheel may have")
        return content
