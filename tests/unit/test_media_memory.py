"""Media facts in memory: those of an object that was replaced are not used for the new one."""

from dataclasses import replace
from datetime import UTC, datetime

from audioprep.activities.media_memory import MediaMemory
from audioprep.activities.storage.objects import StoredObject
from audioprep.jobs.types.asset import MediaFacts

OLD = StoredObject("assets/a/original.wav", 1, "v1", datetime(2026, 1, 31, tzinfo=UTC))
FACTS = MediaFacts.model_validate(
    {"frames": 8, "sampleRate": 8000, "channels": 1, "codec": "pcm_s16le", "format": "wav"}
    | {"streamIndex": 0, "startsAtZero": True, "bytes": 1, "version": "v1"}
)


def test_facts_are_known_of_the_version_they_were_found_in() -> None:
    memory = MediaMemory()
    memory.put(OLD, FACTS)

    assert memory.get(OLD) == FACTS
    assert memory.get(replace(OLD, version="v2")) is None


def test_of_more_objects_than_are_kept_the_longest_unused_go() -> None:
    memory = MediaMemory()
    memory.put(OLD, FACTS)
    for number in range(255):
        memory.put(replace(OLD, key=f"assets/{number}/original.wav"), FACTS)

    memory.get(OLD)
    memory.put(replace(OLD, key="assets/one more/original.wav"), FACTS)

    assert memory.get(OLD) == FACTS
    assert memory.get(replace(OLD, key="assets/0/original.wav")) is None
