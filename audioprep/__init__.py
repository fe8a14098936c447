"""audioprep: audio jobs from a Turso table, run as durable Temporal workflows."""

from audioprep.version import __version__ as __version__
