"""What a worker's downloads may reach."""

from dataclasses import dataclass, field

from audioprep.activities.download.address_policy import AddressPolicy
from audioprep.jobs.hosts import YOUTUBE_HOSTS


@dataclass(frozen=True, slots=True)
class NetworkRules:
    """The address policy for every connection, and the sites that yt-dlp may be asked for."""

    policy: AddressPolicy = field(default_factory=AddressPolicy)
    ytdlp_hosts: frozenset[str] = frozenset(YOUTUBE_HOSTS)
