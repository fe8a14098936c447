"""Settings of a worker: slots, limits, and what its downloads may reach."""

from pydantic import Field
from pydantic_settings import BaseSettings

from audioprep.jobs.types.outputs import MAX_AAC_KBPS, MIN_AAC_KBPS
from audioprep.settings.names import OURS


class WorkerSettings(BaseSettings):
    """What a worker takes on."""

    model_config = OURS

    activity_slots: int = Field(2, ge=1, description="steps run at once; about the number of cores")
    download_slots: int = Field(3, ge=1, description="downloads run at once, besides the other steps")
    ytdlp_runs: int | None = Field(
        None,
        ge=1,
        description="runs of yt-dlp at once, of the download slots; none: as the memory limit allows",
    )
    downloads_per_host: int = Field(2, ge=1, description="downloads at once from one site, by this worker")
    download_interval: float = Field(
        1.0, ge=0, le=30, description="seconds between two downloads that begin at one site, by this worker"
    )
    heartbeat_interval: float | None = Field(
        None,
        gt=0,
        le=5,
        description="seconds between two heartbeats of a step, on which progress travels; none: 1, on Temporal Cloud 5,"
        " or 2 where its cancels travel on heartbeats",
    )
    drain_grace: float = Field(0.5, ge=0, description="seconds a step may go on at shutdown before it is handed over")
    max_file_mb: float = Field(100, gt=0, description="MB of a source, at most")
    max_minutes: float = Field(30, gt=0, description="minutes of audio, at most")
    max_entries: int = Field(50, ge=1, le=500, description="entries of a playlist, at most")
    max_output_mb: float = Field(1024, gt=0, description="MB of the files of a save, and of their master, at most")
    target_lufs: float = Field(-24.0, ge=-70, le=-5, description="LUFS of a normalised save or preview")
    true_peak: float = Field(-2.0, ge=-9, le=0, description="dBTP that a normalised save stays under")
    aac_kbps: int = Field(
        384, ge=MIN_AAC_KBPS, le=MAX_AAC_KBPS, description="kbit/s of a saved AAC file in stereo; mono takes half"
    )


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
