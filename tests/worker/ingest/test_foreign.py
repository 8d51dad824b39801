"""Bytes from elsewhere: JSON, gzip, dates and counts, whatever they turn out to be."""

import gzip
import zlib
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest.foreign import (
    TooLarge,
    Unfit,
    as_count,
    as_day,
    as_moment,
    inflate,
    inflated,
    json_items,
    json_value,
    kind,
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "nothing"),
        (b" \r\n\xef\xbb\xbf", "nothing"),
        (b"<!DOCTYPE html><html>", "a web page (HTML)"),
        (b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml">', "a web page (HTML)"),
        (b"<!-- hello -->\n<HTML>", "a web page (HTML)"),
        (b'<?xml version="1.0"?><feed/>', "XML"),
        (b'[{"title"', "JSON"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04", "a ZIP archive, or an office document"),
        (b"\x00\x01\x02 things", "binary data"),
        (b"hello", "plain text"),
    ],
)
def test_a_body_is_called_what_it_looks_like(body: bytes, words: str) -> None:
    assert kind(body) == words


def test_gzip_is_unpacked_also_in_members_and_as_zlib() -> None:
    assert inflate(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 512, most=100) == b"one two"
    assert inflate(zlib.compress(b"one"), most=100) == b"one"


def test_a_bomb_is_refused_before_it_fills_memory() -> None:
    with pytest.raises(TooLarge, match="more than 1 MB"):
        inflate(gzip.compress(bytes(50_000_000)), most=1_000_000)


def test_damaged_gzip_gives_what_stands_before_the_damage() -> None:
    whole = bytes(number % 251 for number in range(50_000))
    packed = gzip.compress(whole)
    out, fault = inflated(packed[: len(packed) // 2], most=100_000)
    assert out
    assert whole.startswith(out)
    assert str(fault) == "is gzip that ends early"
    with pytest.raises(Unfit, match="ends early"):
        inflate(packed[:-1], most=100_000)
    with pytest.raises(Unfit, match="damaged gzip"):
        inflate(packed[:20] + b"\xff" * 20 + packed[40:], most=100_000)


def test_items_before_a_damage_are_not_lost() -> None:
    items = json_items('[{"a": 1}, 2, {"b": ')
    assert [next(items), next(items)] == [{"a": 1}, 2]
    with pytest.raises(Unfit, match="damaged JSON"):
        next(items)


@pytest.mark.parametrize("text", ["[]", " [ ] ", "\ufeff[1]", "[1 , [2], {} ]", '["\\ud800"]', "[NaN, 1e999]"])
def test_arrays_are_read_item_by_item(text: str) -> None:
    assert repr(list(json_items(text))) == repr(json_value(text.strip("\ufeff ")))


def test_a_comma_too_many_is_no_damage() -> None:
    assert list(json_items("[1, 2, ]")) == [1, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("<html>", "a web page"),
        ('{"error": "Too many requests"}', "says: Too many requests"),
        ('{"papers": []}', "a JSON object, not a list"),
        ("[1 2]", "breaks off"),
        ("[" * 200_000, "nested too deeply"),
        ('[{"a":' * 100_000, "nested too deeply"),
        ("[" + "9" * 5000 + "]", "damaged JSON"),
        ("hello", "not a JSON list"),
    ],
)
def test_what_is_no_array_says_what_it_is(text: str, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        list(json_items(text))


@given(st.text(st.sampled_from('[]{}",:1e9.-\\u d8na'), max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(Unfit):
        list(json_items(text))
    with suppress(Unfit):
        json_value(text)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (73, 73),
        (73.0, 73),
        ("73", 73),
        (" 73.0 ", 73),
        (-5, -5),
        *((value, None) for value in (73.5, "many", True, None, [1], float("nan"), float("inf"), "9" * 5000, "٧٣")),
    ],
)
def test_a_count_is_a_whole_number_however_written(value: object, number: int | None) -> None:
    assert as_count(value) == number


@pytest.mark.parametrize(
    ("text", "moment", "day"),
    [
        ("2026-06-17T00:00:00.000Z", datetime(2026, 6, 17, tzinfo=UTC), date(2026, 6, 17)),
        ("2025-08-20T00:00:00-04:00", datetime(2025, 8, 20, 4, tzinfo=UTC), date(2025, 8, 20)),
        ("Tue, 19 Aug 2025 22:00:00 -0400", datetime(2025, 8, 20, 2, tzinfo=UTC), date(2025, 8, 19)),
        ("2026-06-17", datetime(2026, 6, 17, tzinfo=UTC), date(2026, 6, 17)),
        ("2026-02-30", None, None),
        ("yesterday", None, None),
        ("", None, None),
        (20260617, None, None),
        ("9" * 5000, None, None),
    ],
)
def test_moments_and_days_are_read_as_they_are_written(text: object, moment: datetime | None, day: date | None) -> None:
    assert as_moment(text) == moment
    assert as_day(text) == day


@given(st.text(st.sampled_from("0123456789-:TZ+ ,.MonJunGMT"), max_size=40))
def test_no_date_breaks_the_reader(text: str) -> None:
    as_moment(text)
    as_day(text)
