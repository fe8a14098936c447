"""Files, stored and being worked on."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from audioprep.settings.names import OURS


class StorageSettings(BaseSettings):
    """Where files are kept, and where a worker works on them."""

    model_config = OURS

    storage_url: str = Field("file:./.audioprep/storage", description="file:PATH or s3://bucket/prefix (and AWS_*)")
    work_dir: Path = Field(Path(".audioprep/work"), description="folder for scratch files and the cache")
    cache_mb: int = Field(1024, ge=0, description="MB of downloaded objects kept on disk")
