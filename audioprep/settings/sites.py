"""Settings for sites that refuse a data centre: exits, cookies, and what else yt-dlp may have. Rows set none of it."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from audioprep.activities.download.exits.access import CookiesWhen, SiteAccess
from audioprep.activities.download.exits.exit import parse_exits
from audioprep.settings.names import OURS
from audioprep.settings.retention import Age


class SiteSettings(BaseSettings):
    """What a worker uses at the sites that yt-dlp visits: docs/youtube.md."""

    model_config = OURS

    ytdlp_proxy: SecretStr | None = Field(
        None, description="exits, separated by commas: scheme://user-{session}:password@host:port, or direct"
    )
    ytdlp_proxy_hosts: str = Field(
        "youtube.com,youtu.be,youtube-nocookie.com", description="sites whose jobs leave by an exit"
    )
    ytdlp_cookies: Path | None = Field(None, description="cookie file in Netscape's form; never written to")
    ytdlp_cookies_when: CookiesWhen = Field(
        CookiesWhen.NEEDED, description="needed: once a site asks for an account; always: in every run"
    )
    ytdlp_extractor_args: SecretStr | None = Field(
        None, description="yt-dlp's --extractor-args, separated by spaces, e.g. youtube:player_client=default,mweb"
    )
    ytdlp_plugins: Path | None = Field(None, description="folder of yt-dlp plugins that runs load")
    ytdlp_update: Age = Field(None, description="how often a worker looks for a newer yt-dlp, such as 7d; empty: never")
    ytdlp_index: str = Field("", description="URL of the package index to take it from, with the JSON API of PEP 691")
    site_pause: float = Field(
        900.0, ge=0, description="seconds without a visit by the same exit, after a site has refused this worker"
    )
    site_retry_delay: float = Field(
        15.0, ge=0, le=300, description="seconds before a site is visited again after a failure; doubled each time"
    )

    @field_validator("ytdlp_cookies", "ytdlp_plugins", "ytdlp_proxy", "ytdlp_extractor_args", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("ytdlp_proxy")
    @classmethod
    def _exits_are_exits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_exits(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _an_update_has_an_index(self) -> Self:
        if self.ytdlp_update is not None and not self.ytdlp_index.startswith(("https://", "http://")):
            raise ValueError(
                "AUDIOPREP_YTDLP_UPDATE needs AUDIOPREP_YTDLP_INDEX, the URL of a package index, such as"
                " PIP_INDEX_URL or the one that `pip download --verbose --no-deps yt-dlp` names"
            )
        return self

    def access(self, work_dir: Path) -> SiteAccess:
        """As the activities take it."""
        hosts = (name.strip().strip(".").lower() for name in self.ytdlp_proxy_hosts.split(","))
        return SiteAccess(
            exits=parse_exits(_text(self.ytdlp_proxy)),
            exit_hosts=frozenset(name for name in hosts if name),
            cookies=self.ytdlp_cookies.absolute() if self.ytdlp_cookies else None,
            cookies_when=self.ytdlp_cookies_when,
            extractor_args=tuple(_text(self.ytdlp_extractor_args).split()),
            plugins=self.ytdlp_plugins.absolute() if self.ytdlp_plugins else None,
            updates=updates_folder(work_dir) if self.ytdlp_update is not None else None,
        )

    @property
    def shown_exits(self) -> str:
        """Hosts and ports alone: a provider's user name holds more than a name."""
        return ", ".join(each.label for each in parse_exits(_text(self.ytdlp_proxy)))


def updates_folder(work_dir: Path) -> Path:
    """Where the workers of a work folder keep newer versions of yt-dlp."""
    return work_dir.absolute() / "yt-dlp"


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
