"""The README is true to the letter, as far as a machine can tell."""

import re

import pytest

from config.settings import ROOT
from tests.tools.settings_table import written
from worker.__main__ import COMMANDS, ELSEWHERE

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_settings_is_the_settings() -> None:
    assert written(README) == README, "write it anew: .venv/bin/python -m tests.tools.settings_table"


@pytest.mark.parametrize("command", [*COMMANDS, *ELSEWHERE])
def test_every_command_is_told(command: str) -> None:
    assert re.search(rf"`{command}\b", README)


def test_every_command_that_is_told_exists() -> None:
    told = set(re.findall(r"(?:\./|worker )paperboy ([a-z]+)", README))
    assert told <= {*COMMANDS, *ELSEWHERE}


def test_every_file_it_points_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    paths = re.findall(r"`((?:config|subscribers|worker|templates|tests)/[\w./-]+)`", README)
    assert [name for name in (*links, *paths) if not (ROOT / name).exists()] == []
