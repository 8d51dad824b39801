"""URLs of relays."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.send.smtp.relay import Relay, Tls, relay_from


def test_a_url_says_everything() -> None:
    relay = relay_from(
        "smtp://u%40x:p%40%2F%3A%23@mail.example.org:2525?tls=require&ca=/etc/ca.pem&timeout=20&final_timeout=900&max_messages=10&helo=h.example.org&rate=5"
    )
    assert (relay.host, relay.port, relay.user, relay.password) == ("mail.example.org", 2525, "u@x", "p@/:#")
    assert (relay.tls, relay.ca, relay.max_messages, relay.helo) == (Tls.REQUIRE, Path("/etc/ca.pem"), 10, "h.example.org")
    assert (relay.patience.connect, relay.patience.command, relay.patience.final) == (20, 20, 900)
    assert relay.name == "smtp mail.example.org:2525"


def test_defaults_are_submission_and_starttls_when_offered() -> None:
    assert relay_from("smtp://h") == Relay(host="h", port=587)
    assert relay_from("smtps://h") == Relay(host="h", port=465, from_the_start=True)
    assert relay_from("smtp://[::1]:25").host == "::1"
    assert relay_from("smtp://h").tls is Tls.OPPORTUNISTIC


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://u:s3cret@",
        "smtp://:s3cret@h",
        "smtp://h:0",
        "smtp://h:65536",
        "smtp://h:99999999",
        "smtp://u:s3cret#x@h",
        "smtp://u:s3cret/x@h",
        "smtp://u:s3cret?x@h",
        "smtp://u:12?s3cret=4@h",
        "smtp://u:s3cret:x@h:1:2",
        "smtp://u:s3cret℀@h",
        "smtp://u:s3cret%00@h",
        "smtp://ü:s3cret@h",
        "smtp://u:s3cret@h h",
        "smtp://u:s3cret@[::1",
        "smtp://u:s3cret@münchen.example",
        "smtp://u:s3cret@h?tls=maybe",
        "smtp://u:s3cret@h?timeout=never",
        "smtp://u:s3cret@h?timeout=-1",
        "smtp://u:s3cret@h?final_timeout=99999",
        "smtp://u:s3cret@h?max_messages=0",
        "smtp://u:s3cret@h?helo=a b",
        "smtp://u:s3cret@h?unknown=1",
        "smtps://u:s3cret@h?tls=none",
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(has|holds|is|names|says) ") as why:
        relay_from(url)
    assert "s3cret" not in str(why.value)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=4, max_size=12), st.text(max_size=30))
def test_no_url_makes_a_fault_show_its_password(password: str, rest: str) -> None:
    secret = f"Zq7{password}"
    try:
        relay = relay_from(f"smtp://u:{secret}{rest}")
    except ValueError as why:
        assert "Zq7" not in str(why)  # noqa: PT017 - most, but not all, of these cannot be read
    else:
        assert "Zq7" not in relay.name
        assert "Zq7" not in repr(relay).replace(repr(relay.user), "")
