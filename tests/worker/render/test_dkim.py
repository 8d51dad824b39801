"""Every mail is signed with every key, and another's verifier (dkimpy) agrees; whatever is changed or added on the way is noticed."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dkim
import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import given
from hypothesis import settings as searching

from config.settings import SettingsError
from tests.worker.render.builders import a_paper, a_press, a_selection, a_week_selection, an_addressee, settings, the_week
from tests.worker.render.keys import locked, pem, write_keys
from tests.worker.render.test_letters import ALL
from tests.worker.render.test_message import odd, revisions
from worker.pick.choices import Choice, Selection
from worker.render import letters
from worker.render.dkim import _relaxed, signer_from
from worker.render.letters import Letter
from worker.render.press import Press


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_keys(tmp_path_factory.mktemp("keys"), r="2048", e="ed25519")


@pytest.fixture(scope="module")
def press(keys: str) -> Press:
    return Press(settings(dkim=keys))


def verified(wire: bytes, keys: str) -> list[bool]:
    """What dkimpy says of each signature, given the records that we would publish."""
    records = {name: text.replace('" "', "").strip('"') for name, text in signer_from(settings(dkim=keys)).records()}
    number = wire.partition(b"\r\n\r\n")[0].count(b"DKIM-Signature:")
    return [holds(wire, index, records) for index in range(number)]


def holds(wire: bytes, index: int, records: dict[str, str]) -> bool:
    try:
        return bool(dkim.DKIM(wire).verify(index, dnsfunc=lambda name, **_: records[name.decode()].encode()))
    except dkim.ValidationError:  # how dkimpy says that a body was changed
        return False


def tags(wire: bytes) -> list[dict[str, str]]:
    """The tags of each signature."""
    head = wire.partition(b"\r\n\r\n")[0].decode().replace("\r\n ", "")
    found = [line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("DKIM-Signature")]
    return [{tag.partition("=")[0].strip(): tag.partition("=")[2] for tag in line.split(";")} for line in found]


def test_a_digest_is_signed_with_both_keys_for_the_domain_that_it_is_from(press: Press, keys: str) -> None:
    wire = press.digest(a_week_selection(), the_week(), an_addressee(name="Žofie Müller")).wire()
    assert verified(wire, keys) == [True, True]
    assert [(made["a"], made["s"], made["d"]) for made in tags(wire)] == [
        ("rsa-sha256", "r", "example.org"),
        ("ed25519-sha256", "e", "example.org"),
    ]
    signed = tags(wire)[0]["h"].replace(" ", "").split(":")
    assert {"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post", "content-type"} <= set(signed)
    assert all(len(line) <= 78 for line in wire.partition(b"\r\nFrom:")[0].split(b"\r\n"))


@pytest.mark.parametrize("letter", ALL, ids=lambda letter: letter.kind)
def test_every_letter_is_signed_with_both_keys(press: Press, keys: str, letter: Letter) -> None:
    assert verified(press.letter(letter, an_addressee()).wire(), keys) == [True, True]


@searching(max_examples=15)
@given(title=odd, name=odd, abstract=odd)
def test_whatever_a_mail_says_both_signatures_hold(press: Press, keys: str, title: str, name: str, abstract: str) -> None:
    papers = {1: a_paper(1, title=title, abstract=abstract, revision=next(revisions))}
    to = an_addressee(name=name)
    assert verified(press.digest(a_selection(papers), papers, to, note=abstract).wire(), keys) == [True, True]
    assert verified(press.letter(letters.operator_notice(title, [abstract, "Words."]), to).wire(), keys) == [True, True]


@given(title=odd, reason=odd, name=odd, abstract=odd)
def test_every_body_is_canonical_as_it_stands(title: str, reason: str, name: str, abstract: str) -> None:
    papers = {1: a_paper(1, title=title, abstract=abstract, summary=reason, authors=(name,), revision=next(revisions))}
    selection = Selection(for_you=(Choice(1, reason),), still=(name,))
    messages = [
        a_press().digest(selection, papers, an_addressee(name=name), note=abstract),
        a_press().letter(letters.operator_notice(title, [abstract]), an_addressee(name=name)),
    ]
    for message in messages:
        body = message.wire().partition(b"\r\n\r\n")[2]
        assert Simple.canonicalize_body(body) == body
        assert not [line for line in body.split(b"\r\n") if line != line.rstrip()]


@given(title=odd, name=odd)
def test_headers_are_made_canonical_as_another_makes_them(title: str, name: str) -> None:
    message = a_press().letter(letters.operator_notice(title, ["Words."]), an_addressee(name=name))
    for header in message.headers:
        key, _, value = header.wire.partition(b":")
        assert _relaxed(header.wire) == b":".join(Relaxed.canonicalize_headers([(key, value)])[0])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"10 of 412", b"11 of 412"),
        (b"Subject: ", b"Subject: Urgent: "),
        (b"List-Unsubscribe: <https://papers", b"List-Unsubscribe: <https://papers2"),
        (b"List-Unsubscribe-Post: ", b"List-Unsubscribe-Post2: "),
        (b"MIME-Version: 1.0\r\n", b""),
        (b"From: ", b"From: Mallory <mallory@example.net>\r\nFrom: "),
        (b"To: ", b"Subject: Another one\r\nTo: "),
        (b"To: ", b"Reply-To: mallory@example.net\r\nTo: "),
        (b"MIME-Version", b"Content-Type: text/html\r\nMIME-Version"),
        (b"--=_paperboy_alternative--\r\n", b"--=_paperboy_alternative--\r\nand more\r\n"),
    ],
)
def test_what_is_changed_or_added_on_the_way_breaks_both(press: Press, keys: str, before: bytes, after: bytes) -> None:
    wire = press.digest(a_week_selection(), the_week(), an_addressee()).wire()
    assert before in wire
    assert verified(wire.replace(before, after, 1), keys) == [False, False]


def test_what_relays_do_to_every_mail_breaks_neither(press: Press, keys: str) -> None:
    wire = press.digest(a_week_selection(), the_week(), an_addressee()).wire()
    relayed = b"Received: from a by b; Wed, 17 Jun 2026 12:00:01 +0000\r\n" + wire.replace(b"Message-ID: ", b"MESSAGE-ID:\t  ") + b"\r\n"
    assert verified(relayed, keys) == [True, True]


def test_the_same_message_is_the_same_bytes_whenever_it_is_sent(press: Press) -> None:
    message = press.digest(a_week_selection(), the_week(), an_addressee())
    assert message.wire() == message.wire()


def test_a_signed_message_is_the_unsigned_one_behind_its_signatures(press: Press) -> None:
    signed, plain = (one.digest(a_week_selection(), the_week(), an_addressee()) for one in (press, a_press()))
    assert b"DKIM" not in plain.wire()
    assert signed.wire().endswith(plain.wire())
    assert signed.parts() == plain.parts()


def test_a_sender_of_another_script_signs_for_the_domain_in_its_envelope(keys: str) -> None:
    message = Press(settings(dkim=keys, sender="papers@bücher.example")).letter(ALL[0], an_addressee())
    assert {made["d"] for made in tags(message.wire())} == {"xn--bcher-kva.example"} == {message.sender.partition("@")[2]}


def test_a_record_longer_than_a_string_of_the_dns_is_cut_in_two(tmp_path: Path) -> None:
    [(name, text)] = signer_from(settings(dkim=write_keys(tmp_path, s2026="2048"))).records()
    assert name == "s2026._domainkey.example.org."
    assert text.startswith('"v=DKIM1; k=rsa; p=')
    assert [len(string) <= 255 for string in text[1:-1].split('" "')] == [True, True]


def test_no_key_costs_nothing_not_even_an_import() -> None:
    script = "import sys; from config.settings import load; from worker.render.letterhead import Letterhead; Letterhead(load({}))"
    done = subprocess.run([sys.executable, "-c", f"{script}; print('cryptography' in sys.modules)"], capture_output=True, check=True)
    assert done.stdout == b"False\n"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"not a key", "is no private key in PEM"),
        (lambda: pem("2048")[:-200], "is no private key in PEM"),
        (lambda: b"", "is no private key in PEM"),
        (lambda: locked("ed25519"), "is locked by a passphrase"),
        (lambda: pem("1024"), "is an RSA key of 1024 bits; receivers trust 2048 to 4096"),
        (lambda: pem("ec"), "is a key that is neither RSA nor Ed25519"),
    ],
    ids=["words", "cut short", "empty", "locked", "weak", "another kind"],
)
def test_a_key_that_cannot_sign_stops_the_start_and_is_not_shown(tmp_path: Path, make: Callable[[], bytes], words: str) -> None:
    (tmp_path / "key.pem").write_bytes(made := make())
    with pytest.raises(SettingsError) as refused:
        Press(settings(dkim=f"here={tmp_path / 'key.pem'}"))
    [fault] = refused.value.faults
    assert fault.startswith(f"PAPERBOY_DKIM: here={tmp_path / 'key.pem'} {words}")
    assert fault.endswith("Make one with: openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out dkim-rsa.pem")
    assert not [line for line in made.decode().split("\n") if len(line) > 20 and line in fault]


def test_every_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        signer_from(settings(dkim=f"a={tmp_path / 'missing'} b={tmp_path}"))
    assert [fault.partition(". ")[0] for fault in refused.value.faults] == [
        f"PAPERBOY_DKIM: a={tmp_path / 'missing'} cannot be read: No such file or directory",
        f"PAPERBOY_DKIM: b={tmp_path} cannot be read: Is a directory",
    ]
