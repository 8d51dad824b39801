"""`topics`: the catalogue, with how many papers each brings."""

import click

from config.runtime import Runtime
from worker.commands.common import with_runtime
from worker.commands.terminal import busy, example, fail, show
from worker.pick.fit import topic_counts
from worker.pick.today import Today


@click.command(epilog=example("./paperboy topics", "./paperboy topics --group Vision"))
@click.option("--group", default="", help="Only the groups whose name holds this.")
@with_runtime
def topics(runtime: Runtime, group: str) -> None:
    """The catalogue of topics, with how many of the papers at hand (first seen in the last 8 days) belong to each."""
    today = Today(runtime.settings)
    with runtime.database.reading() as session, busy("matching the papers at hand"):
        counts = topic_counts(today.desk(session, runtime.clock.now()).candidates.index)
    rows = [
        (topic.group, topic.name, str(counts.get(topic.key, 0)), topic.key, topic.line)
        for topic in today.topics.topics
        if group.casefold() in topic.group.casefold()
    ]
    if not rows:
        fail(f"no group holds {group!r}; groups are: {', '.join(dict.fromkeys(topic.group for topic in today.topics.topics))}")
    show(("group", "topic", "papers", "key", "what it is"), rows)
