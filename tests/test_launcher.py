"""`./paperboy`, run as strangers run it: in copies of the tree with an empty lock and a `worker` that only says what it was told."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import pytest

ROOT = Path(__file__).resolve().parents[1]
ECHO = """
import os, sys
print(sys.version.split()[0], os.getcwd(), *sys.argv[1:], sep="|")
if "--read" in sys.argv:
    print(sys.stdin.read())
sys.exit(7 if "--fail" in sys.argv else 0)
"""
UTILITIES = ("sh", "cksum", "dirname", "readlink", "cat")


def plant(root: Path) -> Path:
    """The launcher, two empty locks and a worker that echoes; in a path with a blank."""
    (root / "worker").mkdir(parents=True)
    (root / "tests").mkdir()
    shutil.copy(ROOT / "paperboy", root)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        (root / lock).write_text("# nothing is needed\n")
    (root / "worker" / "__init__.py").touch()
    (root / "worker" / "__main__.py").write_text(ECHO)
    (root / "tests" / "run.py").write_text(ECHO)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree without an environment."""
    return plant(tmp_path / "a tree")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The folder and the words of a first run, whose environment the other tests copy."""
    root = plant(tmp_path_factory.mktemp("once") / "a tree")
    return root, run(root, "status", "two words", cwd=root.parent)


@pytest.fixture
def ready(tree: Path, first_run: tuple[Path, object]) -> Path:
    """A tree whose environment is current."""
    shutil.copytree(first_run[0] / ".venv", tree / ".venv", symlinks=True)
    return tree


def run(root: Path, *arguments: str, cwd: Path | None = None, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{Path(sys.executable).resolve().parent}:{os.environ['PATH']}", "HOME": str(root.parent)} | environ
    return subprocess.run(
        [root / "paperboy", *arguments], cwd=cwd, env=environment, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )


def stamp(root: Path) -> list[str]:
    return (root / ".venv" / "paperboy-stamp").read_text().split()


def pythons(folder: Path, **answers: str) -> str:
    """A PATH with nothing but what sh needs and, for each name, a Python that answers so."""
    folder.mkdir()
    for utility in UTILITIES:
        (folder / utility).symlink_to(str(shutil.which(utility)))
    for name, script in answers.items():
        file = folder / name.replace("_", ".")
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return str(folder)


@pytest.fixture(autouse=True)
def nobody_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests in an environment of their own choice has it left alone by the copies here."""
    monkeypatch.delenv("PAPERBOY_VENV", raising=False)
    monkeypatch.delenv("PAPERBOY_PYTHON", raising=False)


def test_the_first_run_makes_the_environment_and_says_so_in_two_lines(first_run: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, done = first_run
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("|")[1:] == [str(root.parent), "status", "two words\n"]
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["paperboy", "paperboy"], done.stderr
    assert "installing 0 packages" in done.stderr


def test_a_current_environment_costs_no_write_and_no_word(ready: Path) -> None:
    before = {path: path.lstat().st_mtime_ns for path in ready.rglob("*")}
    for path in ready.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    done = run(ready, "status", PYTHONDONTWRITEBYTECODE="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: path.lstat().st_mtime_ns for path in ready.rglob("*")} == before


def test_it_runs_through_a_symbolic_link_and_from_any_folder(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "middle").symlink_to("../a tree/paperboy")
    link = tmp_path / "bin" / "papers"
    link.symlink_to("middle")
    done = subprocess.run([link, "status"], cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split("|")[1:]) == (0, ["/", "status\n"])


def test_exit_code_and_standard_input_pass_through(ready: Path) -> None:
    done = run(ready, "--read", "--fail", stdin="a line")
    assert done.returncode == 7
    assert done.stdout.endswith("a line\n")


def test_a_foreign_package_in_the_callers_folder_is_not_ours(ready: Path, tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "__main__.py").write_text("raise SystemExit('the wrong worker')")
    assert run(ready, "status", cwd=tmp_path, PYTHONPATH=str(tmp_path)).returncode == 0


def test_the_development_packages_go_on_top_of_the_runtime_ones(ready: Path) -> None:
    leftover = ready / ".venv" / "lib" / "leftover"
    leftover.touch()
    done = run(ready, "test", "-k", "words")
    assert (done.returncode, done.stdout.split("|")[2:]) == (0, ["test", "-k", "words\n"]), done.stderr
    assert "installing" in done.stderr
    assert leftover.exists()
    assert run(ready, "status").stderr == run(ready, "check").stderr == ""


def test_an_evaluation_needs_no_development_packages(ready: Path) -> None:
    assert run(ready, "eval", "topics").stderr == ""


def test_an_interpreter_that_went_away_is_noticed(ready: Path, tmp_path: Path) -> None:
    empty = pythons(tmp_path / "bin")
    assert run(ready, "status", PATH=empty).returncode == 0  # a current environment needs no other Python
    for link in (ready / ".venv" / "bin").glob("python*"):
        link.unlink()
        link.symlink_to("/nowhere/python")
    assert "needs Python" in run(ready, "status", PATH=empty).stderr


def test_a_changed_lock_broken_off_half_way_is_made_good_once_by_two_at_once(ready: Path) -> None:
    marker, leftover, before = ready / ".venv" / "paperboy-unfinished", ready / ".venv" / "lib" / "leftover", stamp(ready)
    leftover.touch()
    (ready / "requirements.lock").write_text("# still nothing, in other words\n")
    abandoned = kill_half_way(ready, marker)
    crowd = [subprocess.Popen([ready / "paperboy", name], stdout=PIPE, stderr=PIPE, text=True) for name in ("one", "two")]
    words = [process.communicate(timeout=120) for process in crowd]
    assert [process.returncode for process in crowd] == [0, 0], words
    assert sorted(out.split("|")[2].strip() for out, _ in words) == ["one", "two"]
    assert sum("installing" in err for _, err in words) == 1
    assert sum("waiting" in err for _, err in words) >= 1
    assert not any(map(runs, abandoned))
    assert stamp(ready)[0] != before[0]
    assert not marker.exists()
    assert not leftover.exists()
    assert not list(ready.glob(".venv-old-*"))


def kill_half_way(root: Path, marker: Path) -> list[int]:
    """Kill the shell and the maker while the maker's tool runs, and return the tool's ids: it goes on, and holds the lock."""
    process = subprocess.Popen([root / "paperboy", "status"], start_new_session=True, stderr=subprocess.DEVNULL)
    while not (marker.exists() and (tools := [pid for child in children(process.pid) for pid in children(child)])):
        time.sleep(0.01)
    for pid in (*children(process.pid), process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    return tools


def runs(pid: int) -> bool:
    """Where nobody collects orphans (a container), an ended one stays as a zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def children(parent: int) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended while we looked
            if file.read_text().rpartition(")")[2].split()[1] == str(parent):
                found.append(int(file.parent.name))
    return found


def test_what_is_no_environment_is_never_removed(tree: Path) -> None:
    treasure = tree / ".venv" / "thesis.txt"
    treasure.parent.mkdir()
    treasure.write_text("years of work")
    done = run(tree, "status")
    assert done.returncode == 1
    assert "is no virtual environment" in done.stderr
    assert treasure.exists()


def test_a_python_that_does_not_fit_is_named_with_the_remedy(tree: Path, tmp_path: Path) -> None:
    path = pythons(
        tmp_path / "bin",
        python3_13="exit 127",
        python3_12="echo 3.12.3 no module ensurepip",
        python3_11="echo 3.11.2 no module sqlite3",
        python3="echo 3.9.2 too old",
        python="echo 2.7.18 too old",
    )
    done = run(tree, "status", PATH=path)
    assert done.returncode == 1
    for words in (
        "python3.13 is Python unknown: does not run",
        "python3.12 is Python 3.12.3 without ensurepip (Debian, Ubuntu: apt install python3.12-venv)",
        "python3.11 is Python 3.11.2: no module sqlite3",
        "python3 is Python 3.9.2: too old",
        "remedy: install one",
        "PAPERBOY_PYTHON=",
    ):
        assert words in done.stderr


def test_no_python_at_all_is_said(tree: Path, tmp_path: Path) -> None:
    done = run(tree, "status", PATH=pythons(tmp_path / "bin"))
    assert done.returncode == 1
    assert "none on the PATH" in done.stderr


def test_a_python_that_is_asked_for_by_name_is_the_only_one_tried(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("#!/bin/sh\necho 3.10.1 too old\n")
    (tmp_path / "old").chmod(0o755)
    done = run(tree, "status", PAPERBOY_PYTHON=str(tmp_path / "old"))
    assert done.returncode == 1
    assert f"PAPERBOY_PYTHON says {tmp_path / 'old'}" in done.stderr
    assert "3.10.1: too old" in done.stderr


def test_the_examination_itself_finds_this_python_fit(ready: Path) -> None:
    assert run(ready, "status", PAPERBOY_PYTHON=str(Path(sys.executable).resolve())).stderr == ""


def test_uv_steps_in_where_python_cannot_make_an_environment(tree: Path, tmp_path: Path) -> None:
    real = Path(sys.executable).resolve()
    log = tmp_path / "log"
    path = pythons(
        tmp_path / "bin",
        python3=f'case $1 in -c) echo 3.12.3 no module ensurepip ;; *) exec "{real}" "$@" ;; esac',
        uv=f'echo "$@" >>"{log}"; [ "$1" != venv ] || "{real}" -m venv --without-pip "$(for last; do :; done; echo "$last")"',
    )
    done = run(tree, "status", PATH=path)
    assert done.returncode == 0, done.stderr
    made, installed = log.read_text().splitlines()
    assert made.startswith("venv --quiet")
    assert installed.startswith("pip install")
    assert "--require-hashes" in installed


def test_uv_is_asked_for_a_python_where_there_is_none_and_its_failure_is_told(tree: Path, tmp_path: Path) -> None:
    done = run(tree, "status", PATH=pythons(tmp_path / "bin", uv='echo "uv: no network" >&2; exit 2'))
    assert done.returncode == 1
    assert "uv: no network" in done.stderr
    assert "which could not get one" in done.stderr


def test_uv_that_gets_a_python_is_enough(ready: Path, tmp_path: Path) -> None:
    (ready / ".venv" / "paperboy-stamp").unlink()
    path = pythons(tmp_path / "bin", uv=f'[ "$2" = install ] || echo "{Path(sys.executable).resolve()}"')
    done = run(ready, "prepare", PATH=path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert stamp(ready)


def test_a_lock_that_cannot_be_installed_leaves_nothing_that_looks_whole(ready: Path) -> None:
    (ready / "requirements.lock").write_text("no-such-thing @ file:///nowhere/thing.whl --hash=sha256:" + "0" * 64 + "\n")
    done = run(ready, "status")
    assert done.returncode == 1
    assert "its words are above" in done.stderr
    assert not (ready / ".venv" / "paperboy-stamp").exists()


def test_an_installation_without_tests_says_so(ready: Path) -> None:
    shutil.rmtree(ready / "tests")
    done = run(ready, "check")
    assert done.returncode == 2
    assert "not part of this installation" in done.stderr
