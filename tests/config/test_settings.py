"""Settings: read once, typed, and refused with the variable, the fault and an example."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import PREFIX, Settings, SettingsError, load

PRODUCTION = {
    "PAPERBOY_ENV": "production",
    "PAPERBOY_SECRET_KEY": "a" * 64,
    "PAPERBOY_BASE_URL": "https://papers.example.org",
    "PAPERBOY_POSTAL_ADDRESS": "Example Ltd, 1 High Street, London",
    "PAPERBOY_SENDER": "Paperboy <papers@example.org>",
}
BAD = [
    ("ENV", "prod", "'development' or 'production'"),
    ("DATABASE_URL", "mysql://u:p@h/papers", "starts with 'mysql'"),
    ("DATABASE_URL", "postgres.example.org", "is no database URL"),
    ("REDIS_URL", "redis:6379", "is no redis:// or rediss:// URL"),
    ("SECRET_KEY", "short", "only 5 letters; use 16 or more"),
    ("SECRET_KEY", f"{'a' * 32},short", "only 5 letters"),
    ("SECRET_KEY", ",", "is empty"),
    ("BASE_URL", "papers.example.org", "is not an http or https address"),
    ("BASE_URL", "javascript:alert(1)", "is not an http or https address"),
    ("BASE_URL", "https://papers.example.org/?a=b", "carries a query"),
    ("HUGGINGFACE_URL", "ftp://example.org", "is not an http or https address"),
    ("SENDER", "Paperboy", "is no mail address"),
    ("SENDER", "Paperboy <p@example.org>\nBcc: all@example.org", "line break"),
    ("REPLY_TO", "nobody at all", "is no mail address"),
    ("OPERATOR", "@", "is no mail address"),
    ("NAME", "x" * 201, "one line of 1 to 200 letters"),
    ("POSTAL_ADDRESS", "1 High Street\r\nLondon", "one line"),
    ("ACCENT", "red", "#rrggbb"),
    ("TRUSTED_PROXIES", "everyone", "IPv4 or IPv6 network"),
    ("PORT", "http", "valid integer"),
    ("PORT", "70000", "not between 1 and 65535"),
    ("WORKERS", "0", "not between 1 and 65535"),
    ("ON_UNKNOWN", "guess", "'resend' or 'hold'"),
    ("LOG_LEVEL", "LOUD", "'DEBUG'"),
    ("DKIM", "/run/secrets/dkim.pem", "the word in place 1 is not SELECTOR=PATH"),
    ("DKIM", "a=/key.pem b=", "the word in place 2 is not SELECTOR=PATH"),
    ("DKIM", "a_b=/key.pem", "with a selector of at most 63 letters, digits and hyphens"),
    ("DKIM", f"{'a' * 64}=/key.pem", "with a selector of at most 63 letters"),
    ("DKIM", "a=/key.pem A=/other.pem", "names one selector twice"),
    ("DKIM", "-----BEGIN PRIVATE KEY-----", "keep it in a file"),
]


def faults(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(environ)
    return refused.value.faults


def test_an_empty_environment_is_enough_for_a_try_out() -> None:
    settings = load({})
    assert settings.embedded
    assert settings.database_url == f"sqlite:///{settings.state_dir}/paperboy.db"
    assert settings.mailers == (f"maildir://{settings.state_dir}/maildir",)


@pytest.mark.parametrize(("field", "value", "fault"), BAD, ids=[f"{field}={value[:20]!r}" for field, value, _ in BAD])
def test_a_bad_value_is_refused_in_one_line_with_variable_fault_and_example(field: str, value: str, fault: str) -> None:
    (line,) = faults({PREFIX + field: value})
    assert "\n" not in line
    assert line.startswith(f"{PREFIX}{field}: ")
    assert fault in line
    assert re.search(rf"Example: {PREFIX}{field}='.+'$", line)


def test_every_fault_is_named_at_once() -> None:
    found = faults({"PAPERBOY_ENV": "prod", "PAPERBOY_PORT": "http", "PAPERBOY_SECRET_KEY_FILE": "/nowhere/key"})
    assert {line.split(":")[0].split(" ")[0] for line in found} == {"PAPERBOY_ENV", "PAPERBOY_PORT", "PAPERBOY_SECRET_KEY_FILE"}


def test_every_setting_has_words_and_an_example_that_is_accepted() -> None:
    for field, info in Settings.model_fields.items():
        assert info.description
        assert info.examples
        if field != "secret_key":  # whose example says how long, and would be one that many use
            load(PRODUCTION | {PREFIX + field.upper(): str(info.examples[0])})


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("SECRET_KEY", "", "make one with: openssl rand -hex 32"),
        ("SECRET_KEY", f"{'a' * 64},for-development-only-change-me", "the one for development"),
        ("BASE_URL", "http://papers.example.org", "is not https"),
        ("POSTAL_ADDRESS", "", "is missing"),
        ("SENDER", "", "is missing"),
    ],
)
def test_production_refuses_what_is_only_fit_for_a_try_out(field: str, value: str, fault: str) -> None:
    assert load(PRODUCTION).env == "production"
    (line,) = faults(PRODUCTION | {PREFIX + field: value})
    assert line.startswith(f"{PREFIX}{field}: ")
    assert fault in line


@pytest.mark.parametrize("hidden", ["", " "])
def test_a_file_may_hold_a_secret_even_beside_an_empty_variable(tmp_path: Path, hidden: str) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 40 + "\n")
    environ = {"PAPERBOY_SECRET_KEY_FILE": str(file), "PAPERBOY_SECRET_KEY": hidden}
    assert load(environ).secret_key == ("f" * 40,)


def test_a_variable_wins_over_its_file(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("From the file")
    assert load({"PAPERBOY_NAME": "From the variable", "PAPERBOY_NAME_FILE": str(tmp_path / "name")}).name == "From the variable"


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for file in (tmp_path / "missing", tmp_path / "binary", tmp_path):
        (line,) = faults({"PAPERBOY_MAILERS_FILE": str(file)})
        assert line.startswith("PAPERBOY_MAILERS_FILE cannot be read")


def test_lists_are_split_and_empty_means_unset() -> None:
    settings = load(
        {
            "PAPERBOY_SECRET_KEY": f"{'a' * 16}, {'b' * 16}",
            "PAPERBOY_SOURCES": "huggingface  arxiv:cs.LG,cs.CV",
            "PAPERBOY_REPLY_TO": "",
            "PAPERBOY_NAME": "",
            "PAPERBOY_STATE_DIR": "",
        }
    )
    assert settings.secret_key == ("a" * 16, "b" * 16)
    assert settings.sources == ("huggingface", "arxiv:cs.LG,cs.CV")
    assert settings.reply_to is None
    assert settings.name == "Paperboy"


def test_no_source_at_all_can_be_said() -> None:
    assert load({"PAPERBOY_SOURCES": ""}).sources == ()


@pytest.mark.parametrize("given", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_reaches_the_same_driver(given: str) -> None:
    assert load({"PAPERBOY_DATABASE_URL": f"{given}://u:p@db/papers"}).database_url == "postgresql+psycopg://u:p@db/papers"


SECRETS = {
    "PAPERBOY_SECRET_KEY": "swordfish-swordfish-swordfish",
    "PAPERBOY_DATABASE_URL": "postgresql://paperboy:swordfish@db/papers",
    "PAPERBOY_REDIS_URL": "redis://:swordfish@redis:6379/0",
    "PAPERBOY_MAILERS": "smtp://user:swordfish@mail.example.org postmark://swordfish",
    "PAPERBOY_METRICS_TOKEN": "swordfish",
}


def test_settings_print_no_secret() -> None:
    settings = load(SECRETS)
    assert "swordfish" not in f"{settings!r} {settings}"


def said(environ: dict[str, str]) -> str:
    """What a start with `environ` would print, the chained error included; nothing when it is fine."""
    try:
        load(environ)
    except SettingsError as error:
        return f"{error}\n" + "".join(f"{PREFIX}: {line}\n" for line in str(error.__cause__ or "").splitlines())
    return ""


def test_keys_are_pairs_of_a_selector_and_a_whole_path() -> None:
    assert load({"PAPERBOY_DKIM": "2026r=/run/dkim=1.pem  2026e=keys/ed.pem"}).dkim == (
        ("2026r", Path("/run/dkim=1.pem")),
        ("2026e", Path("keys/ed.pem").absolute()),
    )


def test_a_key_that_stands_where_its_path_belongs_is_refused_and_not_printed(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----\nc3dvcmRmaXNo\nc3dvcmRmaXNo=\n-----END PRIVATE KEY-----\n")
    for words in (said({"PAPERBOY_DKIM_FILE": str(key)}), said({"PAPERBOY_DKIM": "c3dvcmRmaXNo c3dvcmRmaXNo=="})):
        assert words.startswith("PAPERBOY_DKIM: ")
        assert "c3dvcm" not in words


@given(st.sampled_from(sorted(SECRETS)), st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_a_fault_prints_no_secret(variable: str, noise: str) -> None:
    assert "swordfish" not in said({variable: f"{noise}swordfish{noise}"})


@given(st.dictionaries(st.sampled_from(sorted(Settings.model_fields)), st.text(max_size=40), max_size=6))
def test_any_environment_gives_settings_or_faults_that_name_a_variable(values: dict[str, str]) -> None:
    for line in said({PREFIX + field.upper(): value for field, value in values.items()}).splitlines():
        assert line.startswith(PREFIX)
