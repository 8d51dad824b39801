"""What an operator copies: `.env.example`, the compose file and the image say the same as the settings."""

import re
import shlex
from pathlib import Path

import pytest

from config.settings import DEVELOPMENT_KEY, PREFIX, Settings, SettingsError, load

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def assignments(pattern: str) -> list[tuple[str, str]]:
    """NAME, value of each line that matches; values unquoted as compose does."""
    found = re.findall(rf"^{pattern}([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    return [(name, "".join(shlex.split(value)) if value.startswith('"') else value) for name, value in found]


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_stands_in_the_example(field: str) -> None:
    assert re.search(rf"^(# )?{PREFIX}{field.upper()}=.", EXAMPLE, re.MULTILINE)


def test_the_example_names_no_setting_that_does_not_exist() -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields} | {"POSTGRES_PASSWORD"}
    assert {name for name, _ in assignments("(?:# )?")} <= known


def test_the_example_as_it_stands_starts_a_try_out() -> None:
    settings = load(dict(assignments("")))
    assert settings.env == "development"
    assert settings.mailers == ("smtp://mailpit:1025",)


@pytest.mark.parametrize("line", assignments("# "), ids=lambda line: line[0])
def test_every_value_that_is_only_shown_is_one_that_is_accepted(line: tuple[str, str]) -> None:
    production = {"PAPERBOY_SECRET_KEY": "a" * 64, "PAPERBOY_BASE_URL": "https://papers.example.org"}
    load(dict(assignments("")) | production | dict([line]))


def test_the_example_is_refused_in_production() -> None:
    with pytest.raises(SettingsError) as refused:
        load(dict(assignments("")) | {"PAPERBOY_ENV": "production"})
    assert {fault.split(":")[0] for fault in refused.value.faults} == {"PAPERBOY_SECRET_KEY", "PAPERBOY_BASE_URL"}


def test_nothing_is_published_to_the_world_unless_asked() -> None:
    published = re.findall(r'ports: \["([^"]+)"\]', COMPOSE)
    assert len(published) == COMPOSE.count("ports:") == 2
    assert all(address.startswith(("127.0.0.1:", "${PAPERBOY_HOST:-127.0.0.1}:")) for address in published)


def test_the_compose_file_holds_no_secret() -> None:
    assert DEVELOPMENT_KEY not in COMPOSE
    assert re.findall(r"PASSWORD: (?!\$\{)", COMPOSE) == []


def test_what_is_required_says_what_to_do() -> None:
    required = dict(re.findall(r"\$\{([A-Z_]+):?\?([^}]+)\}", COMPOSE))
    assert set(required) == {"POSTGRES_PASSWORD", "PAPERBOY_BASE_URL", "PAPERBOY_SENDER", "PAPERBOY_SECRET_KEY"}
    assert all(".env" in words for words in required.values())


def test_the_image_runs_unprivileged_and_pulls_no_frontend() -> None:
    assert not DOCKERFILE.startswith("# syntax")
    assert DOCKERFILE.rindex("\nUSER paperboy\n") > DOCKERFILE.rindex("\nRUN ")


def test_the_image_is_given_only_what_runs() -> None:
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    copied = {word for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()}
    assert copied == allowed
