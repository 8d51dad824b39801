"""Every command says what it does, what it takes, and what to type."""

import re
from collections.abc import Iterator

import click
import pytest

from tests.worker.commands.desk import Desk
from worker.__main__ import COMMANDS, ELSEWHERE, main


def every_command() -> Iterator[tuple[str, ...]]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.list_commands(context))


def found(words: tuple[str, ...]) -> click.Command:
    command: click.Command | None = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command


@pytest.mark.parametrize("words", list(every_command()), ids=" ".join)
def test_help_has_a_sentence_every_option_and_an_example_that_parses(desk: Desk, words: tuple[str, ...]) -> None:
    said = desk.done(*words, "--help")
    assert f"Usage: ./paperboy {' '.join(words)}" in said
    assert re.search(r"\n\n  [A-Z][^\n]+(\n  [^\n]+)*\.\n", said), "a sentence"
    for parameter in found(words).params:
        if isinstance(parameter, click.Option):
            assert parameter.help
            assert parameter.opts[0] in said
    _, _, examples = said.partition("Examples:\n")
    typed = [line.strip() for line in examples.splitlines() if line.strip()]
    assert typed
    assert all("paperboy " + words[0] in line for line in typed)


def test_the_list_of_commands_is_the_one_that_operators_script_against(desk: Desk) -> None:
    said = desk.done("--help")
    for name, (_, line) in COMMANDS.items():
        assert re.search(rf"^  {name} ", said, re.MULTILINE)
        assert line.split()[0] in said
    assert set(COMMANDS) >= {"demo", "up", "web", "worker", "beat", "migrate", "ingest", "trending", "edition", "preview", "send"}
    assert set(COMMANDS) >= {"status", "why", "subscribers", "topics", "suppress", "doctor"}
    assert set(ELSEWHERE) == {"test", "check", "bench", "eval"}


def test_no_command_a_wrong_one_and_one_of_the_launchers_are_wrong_usage(desk: Desk) -> None:
    assert "Usage: ./paperboy" in desk.run().err
    for words, told in {
        ("nonsense",): "No such command 'nonsense'",
        ("test",): "'test' is run by the launcher: ./paperboy test",
        ("status", "--nxt"): "--next",
        ("status", "extra"): "extra",
        ("why",): "EMAIL",
        ("why", "ada@example.org", "--last", "0"): "--last",
        ("edition",): "Commands:",
        ("subscribers", "remove"): "No such command 'remove'",
        ("trending", "--limit", "many"): "--limit",
        ("send", "--only"): "--only",
    }.items():
        said = desk.run(*words)
        assert said.code == 2, words
        assert told in said.err, words
