"""`doctor`: each wrong thing by its name, with a remedy, and the right ones too."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis

from tests.relay.server import Relay
from tests.worker.commands.desk import Desk, Said
from tests.worker.render.keys import write_keys
from worker.send.models import Heartbeat


def beating(desk: Desk, ago: timedelta = timedelta(seconds=5)) -> Desk:
    with desk.database() as database, database.transaction() as session:
        session.merge(Heartbeat(name="beat", beat_at=datetime.now(UTC) - ago))
    return desk


def wrong(said: Said) -> dict[str, str]:
    """What is wrong: name -> words."""
    lines = [line.removeprefix("wrong ").partition(": ") for line in said.out.splitlines() if line.startswith("wrong ")]
    return {name: words for name, _, words in lines}


def test_a_sound_service_is_all_ok_and_nothing_is_changed(desk: Desk) -> None:
    beating(desk)
    before = desk.everything()
    said = desk.done("doctor")
    assert {line.split("  ")[0] for line in said.splitlines()} == {"ok"}
    checked = [
        "settings",
        "state folder",
        "database",
        "schema",
        "clock",
        "beat",
        "sending",
        "Redis",
        "sources",
        "topics",
        "templates",
        "signing",
        "mailer",
    ]
    assert [line.removeprefix("ok    ").partition(":")[0] for line in said.splitlines()] == checked
    assert desk.everything() == before
    assert {file.name for file in desk.state.iterdir()} >= {"paperboy.db"}
    assert not list(desk.state.glob(".doctor*"))


def test_everything_wrong_at_once_is_named_with_a_remedy_each_and_no_secret(desk: Desk) -> None:
    said = desk.run(
        "doctor",
        PAPERBOY_DATABASE_URL="postgresql://paperboy:hidden-word@127.0.0.1:9/paperboy",
        PAPERBOY_REDIS_URL="redis://:hidden-word@127.0.0.1:9/0",
        PAPERBOY_MAILERS="smtp://user:hidden-word@127.0.0.1:9 smtp://127.0.0.1:8",
        PAPERBOY_SOURCES="hugingface huggingface:x",
        PAPERBOY_TOPICS="/nowhere.toml",
        PAPERBOY_TEMPLATES="/nowhere",
        PAPERBOY_STATE_DIR="/proc/paperboy",
    )
    assert said.code == 1
    found = wrong(said)
    assert set(found) == {"state folder", "database", "Redis", "sources", "topics", "templates", "mailer 1", "mailer 2"}
    for name, remedy in {
        "state folder": "Look at PAPERBOY_STATE_DIR",
        "database": "Look at PAPERBOY_DATABASE_URL",
        "Redis": "Look at PAPERBOY_REDIS_URL",
        "sources": "known are huggingface",
        "topics": "PAPERBOY_TOPICS",
        "templates": "PAPERBOY_TEMPLATES",
        "mailer 2": "is the relay running, and is this its port?",
    }.items():
        assert remedy in found[name]
    assert "hidden-word" not in said.out + said.err
    assert said.err == ""


def test_a_clock_that_never_beat_or_stopped_is_wrong(desk: Desk) -> None:
    assert "has never beaten. Start the service: ./paperboy up" in wrong(desk.run("doctor"))["beat"]
    assert "silent since" in wrong(beating(desk, timedelta(hours=1)).run("doctor"))["beat"]


def test_a_database_without_the_schema_is_told_with_the_remedy(tmp_path: Path) -> None:
    found = wrong(Desk(tmp_path / "state").run("doctor"))
    assert found["schema"] == "the database is empty; run ./paperboy migrate"
    assert "./paperboy migrate" in found["beat"]


def test_a_mail_is_really_handed_over(desk: Desk) -> None:
    assert "ok    one mail: handed over for you@example.org (in the Maildir)" in beating(desk).done("doctor", "--mail", "you@example.org")
    [mail] = desk.mails()
    assert b"[test]" in mail.read_bytes()


def test_a_mail_that_the_relay_does_not_take_is_wrong_with_its_words(desk: Desk) -> None:
    beating(desk)
    with Relay("rcpt to=you@example.org reply '550 5.7.1 not from here'") as relay:
        said = desk.run("doctor", "--mail", "you@example.org", PAPERBOY_MAILERS=f"smtp://127.0.0.1:{relay.port}")
    assert said.code == 1
    assert "was deferred: 550 5.7.1 RCPT: not from here" in wrong(said)["one mail"]
    assert f"ok    mailer: smtp 127.0.0.1:{relay.port}" in said.out


def test_a_login_that_is_refused_is_wrong_and_shows_no_password(desk: Desk) -> None:
    with Relay(logins={"user": "right-word"}) as relay:
        url = f"smtp://user:wrong-word@127.0.0.1:{relay.port}"
        said = beating(desk).run("doctor", PAPERBOY_MAILERS=url)
    assert said.code == 1
    assert set(wrong(said)) == {"mailer"}
    assert "wrong-word" not in said.out + said.err


def test_what_is_signed_is_told_with_the_records_to_publish(desk: Desk, tmp_path: Path) -> None:
    keys = write_keys(tmp_path, r="2048", e="ed25519")
    said = beating(desk).done("doctor", PAPERBOY_DKIM=keys, PAPERBOY_SENDER="papers@example.org")
    assert "ok    signing: every mail for example.org, by RSA-2048 (r) and Ed25519 (e); the DNS must say:\n" in said
    assert '      r._domainkey.example.org. TXT "v=DKIM1; k=rsa; p=MII' in said
    assert '      e._domainkey.example.org. TXT "v=DKIM1; k=ed25519; p=' in said


def test_a_key_that_cannot_sign_is_wrong_once(desk: Desk) -> None:
    found = wrong(beating(desk).run("doctor", PAPERBOY_DKIM="here=/nowhere/key.pem"))
    assert set(found) == {"signing"}
    assert "here=/nowhere/key.pem cannot be read: No such file or directory" in found["signing"]


def test_no_address_to_mail_to_and_bad_settings_are_wrong_usage(desk: Desk) -> None:
    assert desk.run("doctor", "--mail", "nonsense").code == 2
    said = desk.run("doctor", PAPERBOY_ACCENT="blue")
    assert said.code == 2
    assert "PAPERBOY_ACCENT" in said.err


def test_postgresql_and_redis_are_looked_at_for_real(postgresql_url: str, redis_url: str, tmp_path: Path) -> None:
    desk = beating(Desk(tmp_path / "state", {"PAPERBOY_DATABASE_URL": postgresql_url, "PAPERBOY_REDIS_URL": redis_url}))
    said = desk.done("doctor")
    assert "ok    database: postgresql answers" in said
    assert "s off the database's" in said
    assert "ok    Redis: answers, and evicts nothing" in said
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "its maxmemory-policy is allkeys-lru. Start it with --maxmemory-policy noeviction" in wrong(desk.run("doctor"))["Redis"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
