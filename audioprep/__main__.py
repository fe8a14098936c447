"""`python -m audioprep` is the `audioprep` command."""

from audioprep.cli import main

main()
