"""Laws of the house that a reader of the code could break without noticing."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
import subscribers
import worker

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("config", "subscribers", "worker")
OURS = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
PURE = (
    "subscribers/topics.py",
    "subscribers/cadence.py",
    "worker/ingest/papers.py",
    "worker/pick/choices.py",
    "worker/pick/readers.py",
    "worker/pick/trending.py",
    "worker/pick/fit.py",
    "worker/pick/selection.py",
)
WATCHED_IMPORT = """
import importlib, os, sys, threading

ours = tuple(os.path.join(os.getcwd(), package, "") for package in ("config", "subscribers", "worker"))

def is_ours():
    # What a library does while it is imported is not ours: urllib3 binds a socket to learn whether there is IPv6.
    frame = sys._getframe(2)
    while frame and not frame.f_code.co_filename.startswith(("<frozen importlib", *ours)):
        frame = frame.f_back
    return frame and frame.f_code.co_filename.startswith(ours)

def watch(event, arguments):
    writes = event == "open" and set(str(arguments[1])) & set("wax+") and arguments[0] != "/dev/null"
    if (writes or event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen"}) and is_ours():
        print(event, arguments)

sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
    if threading.active_count() > 1:
        print(name, "starts a thread")
"""


def tracked() -> Iterator[Path]:
    """Text files of the project: what git knows, or, without git, what lies there."""
    skipped = {".git", ".venv", "node_modules", "__pycache__", "state", "out", ".hypothesis", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
    for file in ROOT.rglob("*"):
        parts = file.relative_to(ROOT).parts
        if (
            file.is_file()
            and not any(part in skipped or part.startswith(".venv") for part in parts)
            and b"\0" not in file.read_bytes()[:4096]
        ):
            yield file


@pytest.mark.parametrize("package", [config, subscribers, worker], ids=PACKAGES)
def test_our_own_package_is_the_one_imported(package: object) -> None:
    assert Path(str(getattr(package, "__file__", None))).is_relative_to(ROOT)


def test_an_init_file_holds_nothing_but_its_docstring() -> None:
    """Import contracts do not look into a container's own `__init__`, so there is nothing there to look at."""
    for file in (file for folder in (*PACKAGES, "tests") for file in (ROOT / folder).rglob("__init__.py")):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        assert len(body) == 1, f"{file.relative_to(ROOT)} holds more than a docstring"
        assert isinstance(body[0], ast.Expr), file
        assert isinstance(body[0].value, ast.Constant), file


def test_every_folder_of_tests_is_a_package() -> None:
    for file in (ROOT / "tests").rglob("test_*.py"):
        assert (file.parent / "__init__.py").exists(), f"{file.parent.relative_to(ROOT)} needs an __init__.py with a docstring"


def test_migrations_stay_outside_the_graph_of_imports() -> None:
    assert not list((ROOT / "worker" / "migrations").rglob("__init__.py"))


def calls(*names: str) -> list[tuple[str, ast.Call]]:
    """Every `something.name(...)` in our packages, with the file it stands in."""
    return [
        (str(file.relative_to(ROOT)), node)
        for file in OURS
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def test_one_place_commits() -> None:
    assert [file for file, _ in calls("commit")] == ["config/database.py"]


def test_no_task_is_sent_with_a_time_and_none_is_retried_by_celery() -> None:
    """Laws 1 and 8: Celery on Redis redelivers what waits past the visibility timeout."""
    assert [file for file, _ in calls("retry")] == []
    timed = [file for file, call in calls("apply_async", "send_task") if {word.arg for word in call.keywords} & {"eta", "countdown"}]
    assert timed == []


def test_the_pure_rooms_are_there_under_the_names_that_the_contracts_watch() -> None:
    for file in PURE:
        assert (ROOT / file).exists(), f"{file} is watched by [tool.importlinter] under this name"


def test_importing_a_module_does_nothing_but_define() -> None:
    """No connection, no thread, no file written: every module is imported in one process that may do none of it."""
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in OURS if "migrations" not in file.parts]
    modules = [name.removesuffix(".__init__") for name in modules]
    done = subprocess.run([sys.executable, "-B", "-c", WATCHED_IMPORT, *modules], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr[-2000:]


def test_no_file_names_a_machine_or_a_package_host() -> None:
    hosts = re.compile(
        r"/w[o]rk/(main|steering|shared)|/f[a]rm/|(py[p]i|python[h]osted|n[p]mjs|deb\.d[e]bian|snapshot\.d[e]bian)\.(org|com)"
    )
    named = [
        f"{file.relative_to(ROOT)}: {found[0]}"
        for file in tracked()
        if "data" not in file.parts and (found := hosts.search(file.read_text(encoding="utf-8", errors="replace")))
    ]
    assert named == []


def test_no_file_is_too_long_to_be_held_in_mind() -> None:
    lengths = {
        str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in OURS if "migrations" not in file.parts
    }
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_nothing_is_left_owed() -> None:
    owed = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplemented(Error)?|mark\.(skip|xfail)\b|pytest\.skip")
    for file in (*OURS, *(ROOT / "tests").rglob("*.py")):
        if file != Path(__file__):
            assert not owed.search(file.read_text(encoding="utf-8")), file.relative_to(ROOT)


def test_every_exception_to_a_rule_names_the_rule_and_its_reason() -> None:
    bare = re.compile(
        r"#\s*(?:noqa(?!: [A-Z]+\d+)|type: ignore(?!\[))|#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[\w, -]+\])\s*$", re.MULTILINE
    )
    for file in (*OURS, *(ROOT / "tests").rglob("*.py")):
        assert bare.findall(file.read_text(encoding="utf-8")) == [], file.relative_to(ROOT)


def test_every_ignored_rule_of_the_linter_has_its_reason_beside_it() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = text.split("\nignore = [\n")[1].split("\n]")[0]
    explained = "#" in block.splitlines()[0] and all("#" in line or "RUF00" in line for line in block.splitlines())
    assert explained
    assert len(tomllib.loads(text)["tool"]["ruff"]["lint"]["ignore"]) == len(block.splitlines())
