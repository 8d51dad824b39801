"""What `./paperboy test`, `check`, `bench` and `eval` run. Imports nothing but Python's own, so that help always answers."""

import argparse
import ast
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVERYDAY = "not browser and not chaos and not bench"

TEST_HELP = """\
Runs all tests but those marked browser, chaos or bench, and ends by naming what was left out. Whatever follows goes to pytest.

examples:
  ./paperboy test
  ./paperboy test tests/worker/send -k stale
  ./paperboy test -n 0 tests/test_house.py      one process
  ./paperboy test -m browser
  ./paperboy test --hypothesis-profile search
"""
CHECK_HELP = """\
Format, lint, types, import contracts and templates; every one is run, and any that fails makes the exit code 1.

example:
  ./paperboy check
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One tool, asked one question."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a tool said, and after how many seconds."""

    name: str
    passed: bool
    seconds: float
    words: str


CHECKS = (
    Check("format", ("ruff", "format", "--check", "--quiet", ".")),
    Check("lint", ("ruff", "check", "--quiet", ".")),
    Check("types", ("mypy", "--no-error-summary")),
    Check("imports", ("lint-imports", "--no-logo")),
    Check("templates", ("djlint", "--lint", "--quiet", "templates")),
)


def main(argv: Sequence[str]) -> int:
    os.chdir(ROOT)
    command, *rest = argv
    match command:
        case "test":
            return run_tests(rest)
        case "check":
            return run_checks(rest)
        case _:
            return run_named(command, rest)


def run_tests(argv: Sequence[str]) -> int:
    """Pytest's exit code."""
    if set(argv) & {"-h", "--help"}:
        print(TEST_HELP)
        return 0
    chosen = any(word == "-m" or word.startswith(("-m=", "--markers")) for word in argv)
    # Whoever steps through a test, or says how many, wants no other processes.
    alone = any(word in {"--pdb", "-s", "--trace"} or word.startswith(("-n", "--numprocesses")) for word in argv)
    # One more than there are cores: some tests wait for processes and servers of their own.
    spread = () if alone else ("-n", str((os.cpu_count() or 1) + 1), "--dist", "worksteal")
    pytest = importlib.import_module("pytest")  # only the development environment has it, and `eval` runs without
    return int(pytest.main([*spread, *(() if chosen else ("-m", EVERYDAY)), *argv]))


def run_checks(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./paperboy check", description=CHECK_HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(argv)
    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for verdict in pool.map(ask, CHECKS):
            print(f"{verdict.name:<10} {'ok' if verdict.passed else 'FAILED':<7} {verdict.seconds:5.1f} s", flush=True)
            if not verdict.passed:
                failed += 1
                print(verdict.words, flush=True)
    return 1 if failed else 0


def ask(check: Check) -> Verdict:
    begun = time.monotonic()
    tool, *arguments = check.command
    beside = Path(sys.executable).with_name(tool)
    done = subprocess.run([beside, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return Verdict(check.name, done.returncode == 0, time.monotonic() - begun, done.stdout.strip())


def run_named(kind: str, argv: Sequence[str]) -> int:
    """`./paperboy bench NAME …` and `./paperboy eval NAME …` call `main` of tests/bench/NAME.py, tests/eval/NAME.py."""
    there = named(kind)
    name = argv[0] if argv else "--help"
    if name in {"-h", "--help"}:
        print(overview(kind, there))
        return 0
    if name not in there:
        print(f"paperboy: no {kind} {name!r}. {overview(kind, there)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"tests.{kind}.{name}")
    return int(module.main(list(argv[1:])) or 0)


def named(kind: str) -> dict[str, str]:
    """Name -> the first line of its docstring, of every module there that has a `main`."""
    modules = {file.stem: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(ROOT.glob(f"tests/{kind}/[!_]*.py"))}
    return {name: (ast.get_docstring(module) or "").partition("\n")[0] for name, module in modules.items() if has_main(module)}


def has_main(module: ast.Module) -> bool:
    return any(isinstance(statement, ast.FunctionDef) and statement.name == "main" for statement in module.body)


def overview(kind: str, there: dict[str, str]) -> str:
    if not there:
        return f"There is no {kind} yet: none stands in tests/{kind}/."
    width = max(map(len, there))
    lines = [f"  {name:<{width}}  {words}" for name, words in there.items()]
    return "\n".join([f"usage: ./paperboy {kind} NAME [ARGUMENTS]; each has its own --help", "", *lines])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
