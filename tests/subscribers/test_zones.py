import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.cadence import zone_named
from subscribers.zones import ZoneError, check_zone, guess_zone, zone_names


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Europe/London", "Europe/London"),
        (" america/new york ", "America/New_York"),
        ("utc", "UTC"),
        ("", "UTC"),
        ("ASIA/KATHMANDU", "Asia/Kathmandu"),
    ],
)
def test_a_zone_is_kept_in_the_database_s_spelling(typed: str, name: str) -> None:
    assert check_zone(typed) == name


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("Kathmandu", "did you mean Asia/Kathmandu?"),
        ("New York", "did you mean America/New_York?"),
        ("Europe/Lodnon", "did you mean Europe/London?"),
        ("Syndey", "did you mean Australia/Sydney?"),
        ("UTC+2", "an offset knows no summer time"),
        ("../../etc/passwd", "use a name such as Europe/London"),
        ("x" * 5000, "use a name such as"),
    ],
)
def test_an_unknown_zone_is_named_with_a_remedy(typed: str, remedy: str) -> None:
    with pytest.raises(ZoneError) as caught:
        check_zone(typed)

    assert remedy in str(caught.value)
    assert len(str(caught.value)) < 250


def test_every_zone_on_offer_can_be_read() -> None:
    assert len(zone_names()) > 400
    assert all(str(zone_named(name)) == name for name in zone_names())


@pytest.mark.parametrize(
    ("header", "zone"),
    [
        ("en-GB,en;q=0.9", "Europe/London"),
        ("ja", "Asia/Tokyo"),
        ("en;q=0.9, zh-Hant-TW", "Asia/Taipei"),
        ("en-US", "America/New_York"),
        ("en", "UTC"),
        ("", "UTC"),
        (",;,=;q=", "UTC"),
    ],
)
def test_a_zone_is_guessed_from_a_browser_s_languages(header: str, zone: str) -> None:
    assert guess_zone(header) == zone


@given(st.text())
def test_a_guess_is_always_a_zone(header: str) -> None:
    assert check_zone(guess_zone(header)) == guess_zone(header)
