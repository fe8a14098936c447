"""Parts of audioprep on the real things they touch, without a Temporal server."""

from pathlib import Path

import pytest

from tests.support.activities import Studio


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "studio")
