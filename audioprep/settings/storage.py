"""Files, stored and being worked on."""

from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from audioprep.jobs.keys import ASSETS
from audioprep.settings.names import OURS


class StorageSettings(BaseSettings):
    """Where files are kept, and where a worker works on them."""

    model_config = OURS

    storage_url: str = Field("file:./.audioprep/storage", description="file:PATH or s3://bucket/prefix (and AWS_*)")
    work_dir: Path = Field(Path(".audioprep/work"), description="folder for scratch files and the cache")
    cache_mb: int = Field(1024, ge=0, description="MB of downloaded objects kept on disk")
    uploads_prefix: str = Field(
        "", description="folders that uploads are taken from, separated by commas, e.g. uploads/; empty for any key"
    )

    @field_validator("uploads_prefix")
    @classmethod
    def _not_among_assets(cls, value: str) -> str:
        if any(folder.startswith(ASSETS) for folder in _folders(value)):
            raise ValueError(f"uploads cannot lie below {ASSETS}, where assets are")
        return value

    @property
    def upload_folders(self) -> tuple[str, ...]:
        """Each with a slash at its end, so that `uploads` does not stand for `uploads-of-others`."""
        return _folders(self.uploads_prefix)


def _folders(text: str) -> tuple[str, ...]:
    names = (name.strip().strip("/") for name in text.split(","))
    return tuple(f"{name}/" for name in names if name)
