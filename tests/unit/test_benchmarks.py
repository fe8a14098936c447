"""The parts of the benchmarks that need no server: figures, goals, a results file that keeps what was not measured."""

import pytest

from benchmarks.figures import quantile
from benchmarks.measurement import Measurement, Row, at_most, ratio_at_least, ratio_at_most
from benchmarks.registry import MEASUREMENTS
from benchmarks.results import RESULTS, replaced, section, table

DOCUMENT = "# Results\n\n<!-- a -->\nold a\n<!-- end of a -->\n\nby hand\n\n<!-- b -->\nold b\n<!-- end of b -->\n"


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0], 0.95, 3.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0), ([*range(1, 41)], 0.95, 38), ([*range(1, 21)], 0.95, 19)],
)
def test_a_quantile_is_a_sample_that_so_many_do_not_pass(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == expected
    assert quantile(values[::-1], share) == expected


@pytest.mark.parametrize(
    ("row", "reached"),
    [
        (at_most("x", 1.5, 1.5, "s"), True),
        (at_most("x", 1.51, 1.5, "s"), False),
        (ratio_at_least("x", "", "", 0.9, 0.9), True),
        (ratio_at_least("x", "", "", 0.89, 0.9), False),
        (ratio_at_most("x", "", "", 0.3, 0.3), True),
        (ratio_at_most("x", "", "", 0.31, 0.3), False),
    ],
)
def test_a_row_knows_whether_its_goal_was_reached(row: Row, reached: bool) -> None:
    assert row.reached is reached


def test_a_run_replaces_its_own_section_and_nothing_else() -> None:
    after = replaced(DOCUMENT, "a", r"new \1 a")

    assert after == DOCUMENT.replace("old a", r"new \1 a")
    assert replaced(after, "a", "old a") == DOCUMENT


def test_a_section_that_is_new_goes_to_the_end() -> None:
    after = replaced(DOCUMENT, "c", "new c")

    assert after == f"{DOCUMENT}\n<!-- c -->\nnew c\n<!-- end of c -->\n"


def test_a_missed_goal_stands_out_and_empty_columns_are_left_away() -> None:
    text = table([at_most("one", 2, 1, "s"), Row("two", "3")])

    assert text.splitlines() == [
        "| what | value | goal | reached |",
        "| --- | --- | --- | --- |",
        "| one | 2.00 s | at most 1 s | **no** |",
        "| two | 3 |  |  |",
    ]


async def _nothing(*_: object) -> list[Row]:
    return []


def test_a_section_says_what_was_done_and_how() -> None:
    text = section(Measurement("m", "Title", "What was done.", _nothing), [Row("one", "1")], "`make bench`, today.")

    assert text.startswith("## Title\n\nWhat was done.\n\n| what | value |")
    assert text.endswith("`make bench`, today.")


def test_every_measurement_has_its_place_in_the_results() -> None:
    document = RESULTS.read_text()
    places = [document.find(f"<!-- {measurement.name} -->") for measurement in MEASUREMENTS]

    assert -1 not in places
    assert places == sorted(places)
