"""The `audioprep` command."""

from audioprep.cli.app import main as main
