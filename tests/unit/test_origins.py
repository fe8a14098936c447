"""`check` says where each setting comes from, and names variables that no setting has."""

import pytest

from audioprep.settings.origins import Origin, known_names, settings_in_force, unknown_names

VALUES = {"AUDIOPREP_STORAGE_URL": "s3://b", "AUDIOPREP_TASK_QUEUE": "audioprep", "TURSO_DATABASE_URL": "file:x"}
ENVIRONMENT = {
    "AUDIOPREP_STORAGE_URL": "s3://b",
    "TURSO_DATABASE_URL": "file:x",
    "TEMPORAL_ADDRESS": "example.org:7233",
    "TEMPORAL_API_KEY": "s3cret",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
    "AWS_SESSION_TOKEN": "s3cret",
    "AWS_REGION": "auto",
    "HOME": "/root",
}


def test_settings_that_are_set_come_first_with_their_origin() -> None:
    found = settings_in_force(VALUES, {"TURSO_DATABASE_URL"}, ENVIRONMENT)

    assert [(each.name, each.origin) for each in found] == [
        ("AUDIOPREP_STORAGE_URL", Origin.ENVIRONMENT),
        ("AWS_REGION", Origin.ENVIRONMENT),
        ("AWS_SECRET_ACCESS_KEY", Origin.ENVIRONMENT),
        ("AWS_SESSION_TOKEN", Origin.ENVIRONMENT),
        ("TEMPORAL_ADDRESS", Origin.ENVIRONMENT),
        ("TEMPORAL_API_KEY", Origin.ENVIRONMENT),
        ("TURSO_DATABASE_URL", Origin.FILE),
        ("AUDIOPREP_TASK_QUEUE", Origin.DEFAULT),
    ]
    assert "s3cret" not in str(found)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("AUDIOPREP_STORGE_URL", "AUDIOPREP_STORAGE_URL"),
        ("TURSO_DATABSE_URL", "TURSO_DATABASE_URL"),
        ("AUDIOPREP_QQQQ", ""),
    ],
)
def test_a_misspelt_setting_is_named_with_the_nearest(name: str, nearest: str) -> None:
    assert unknown_names({name: "x"}) == {name: nearest}


def test_known_settings_are_not_complained_about() -> None:
    assert unknown_names(dict.fromkeys([*known_names(), "AUDIOPREP_ROLE", "HOME"], "x")) == {}
