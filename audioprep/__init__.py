"""audioprep: audio jobs from a Turso table, run as durable Temporal workflows."""

from audioprep.version import __version__ as __version__

try:
    import audioprep.jobs  # noqa: F401 - a link in a checkout
except ModuleNotFoundError as missing:
    if missing.name != "audioprep.jobs":
        raise
    raise ImportError(
        "audioprep/jobs is no folder: this checkout has no symbolic links. Clone it again with"
        " `git clone -c core.symlinks=true` on a file system that has links (on Windows: in WSL), or install a wheel."
    ) from None
