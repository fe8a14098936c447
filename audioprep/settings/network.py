"""Where downloads may go."""

from pydantic import Field
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class NetworkSettings(BaseSettings):
    """What downloads may reach."""

    model_config = OURS

    allow_private_urls: bool = Field(False, description="let downloads reach private addresses: for development only")
    ytdlp_hosts: str = Field(
        "youtube.com,youtu.be,youtube-nocookie.com",
        description="sites yt-dlp may be asked for, with their subdomains, separated by commas; * for any",
    )

    min_download_rate: float = Field(
        1024,
        ge=0,
        description="bytes a second that a download must bring over any minute; a slower one is given up; 0 for any",
    )

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The hosts in lower case."""
        names = (name.strip().strip(".").lower() for name in self.ytdlp_hosts.split(","))
        return frozenset(name for name in names if name)
