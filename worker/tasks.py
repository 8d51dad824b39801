"""The table of contents: a sentence-long task a step, in the order of the data. Ids and ranges only, no rows, no addresses."""

from worker.celery import app, draining, office, runtime
from worker.ingest import completion, resolution, runs
from worker.ingest.registry import arxiv_query, source_named
from worker.pick import editions, rankings

DELIVER_FOR = 15.0  # seconds in which one delivering task begins messages
LAST_ANSWER = 660  # seconds


@app.task
def ingest(source: str) -> None:
    """Read a source's next day, if it is time to."""
    here = runtime()
    runs.ingest_if_due(here.database, here.clock, source_named(source, here.settings, here.database, here.clock))


@app.task
def resolve() -> None:
    """Ask arXiv for the links of papers that came without one, and for the categories of those that came without any."""
    here = runtime()
    arxiv = arxiv_query(here.settings, here.database, here.clock)
    resolution.resolve(here.database, here.clock, arxiv.by_title)
    completion.complete(here.database, here.clock, arxiv.by_ids)


@app.task
def rank() -> None:
    """Make a new ranking, if an ingest changed something since the last."""
    here = runtime()
    with here.database.transaction() as session:
        rankings.make_ranking(session, here.clock.now())


@app.task
def close_editions() -> None:
    """Close the edition of each UTC day that has ended."""
    here = runtime()
    with here.database.transaction() as session:
        editions.close_ended(session, here.clock.now())


@app.task
def plan() -> None:
    """Open the wave of this tick, and hand its ranges out."""
    for range_id in office().open_wave():
        plan_range.delay(range_id)


@app.task
def plan_range(range_id: int) -> None:
    """Choose for the readers of one range, and write their deliveries."""
    office().plan_range(range_id)


# It begins nothing after its seconds, but a relay may take ten minutes over its last answer (RFC 5321, section 4.5.3.2.6), and
# whoever hangs up before sends that mail twice.
@app.task(soft_time_limit=LAST_ANSWER, time_limit=LAST_ANSWER + 60)
def deliver() -> None:
    """Hand over what is due, letters first."""
    with draining.finishing():
        office().deliver(seconds=DELIVER_FOR)


@app.task
def sweep() -> None:
    """Take back what dead processes held, end what is stale, and close the waves whose account adds up."""
    office().sweep()


@app.task
def watch() -> None:
    """Write to the operator about what is wrong, once a cause a day."""
    office().watch()


@app.task
def prune() -> None:
    """Forget what is older than we promise to keep it, in small bites."""
    office().prune()


@app.task
def beat() -> None:
    """Show that clock, broker and hands are alive."""
    office().beat()
