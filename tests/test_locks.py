"""The two lock files: hashed, naming no host, and agreeing with each other and with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
REMAKE = "the command that remakes both stands in CONTRIBUTING.md"


def requirements(lock: str) -> list[str]:
    """Each requirement with its hashes, on one line."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(lock: str) -> dict[str, set[str]]:
    """Name -> "version ; marker": a package may be pinned once for each Python."""
    found: dict[str, set[str]] = {}
    for line in requirements(lock):
        pin = line.split("--hash")[0].strip()
        name, _, version = pin.partition("==")
        found.setdefault(name, set()).add(version)
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock: str) -> None:
    for line in requirements(lock):
        assert re.fullmatch(r"[a-z0-9._-]+(\[[\w,-]+\])?==\S+( ; [^;]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line[:120]


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_a_host_or_a_path(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|file:|--(extra-)?index-url|--find-links|--trusted-host|@ ", text)


def test_development_has_every_runtime_package_at_the_same_version() -> None:
    runtime, development = (pins(lock) for lock in LOCKS)
    assert {name: development.get(name) for name in runtime} == runtime, REMAKE


@pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", 0), ("requirements-dev.lock", 1)])
def test_what_the_project_asks_for_is_locked_at_a_version_it_allows(lock: str, groups: int) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = project["project"]["dependencies"] + project["dependency-groups"]["dev"] * groups
    locked = {normalised(name.partition("[")[0]) for name in pins(lock)}
    assert {normalised(re.split(r"[\[<>=;~! ]", requirement)[0]) for requirement in asked} <= locked, REMAKE
