"""`/metrics`, in Prometheus's text format: what the database knows, counted when it is asked. 404 until a token is set."""

import hmac
from collections.abc import Iterator
from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from config.runtime import Runtime
from subscribers import audience
from worker.ingest import catalogue
from worker.send import control, heartbeats, waves
from worker.send.ledger import lookups

TWO_TICKS = timedelta(minutes=2)


def routes(runtime: Runtime) -> list[Route]:
    """One path; the token goes into an Authorization header ("Bearer …")."""

    async def answer(request: Request) -> Response:
        token = runtime.settings.metrics_token
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token or not hmac.compare_digest(token.encode(), given.encode()):
            raise HTTPException(404)
        body = await run_in_threadpool(lambda: "".join(lines(runtime)))
        return PlainTextResponse(body, headers={"Cache-Control": "no-store"}, media_type="text/plain; version=0.0.4")

    return [Route("/metrics", answer)]


def lines(runtime: Runtime) -> Iterator[str]:
    """Each figure with its help."""
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        standings = audience.counts(session)
        waiting = lookups.waiting(session, now=now)
        overdue = len(audience.overdue(session, now - TWO_TICKS, limit=1000))
        held = catalogue.counts(session)
        beat = heartbeats.last(session, heartbeats.BEAT)
        halted, held_back = control.halted(session), len(waves.held_back(session))
    yield from _gauge("subscribers", "Subscribers by standing.", {f'standing="{name}"': count for name, count in standings.items()})
    yield from _gauge("deliveries_waiting", "Deliveries due for an attempt.", {f'kind="{name}"': count for name, count in waiting.items()})
    yield from _gauge(
        "readers_overdue", "Readers whom no wave took two ticks after their moment (at most 1000 are counted).", {"": overdue}
    )
    yield from _gauge("sending_halted", "1 while an operator has halted all sending.", {"": int(halted is not None)})
    yield from _gauge("waves_held_back", "Waves that an operator paused, or cancelled while some of it was on its way.", {"": held_back})
    yield from _gauge("papers", "Papers in the catalogue.", {"": held.papers})
    if held.newest:
        yield from _gauge(
            "newest_paper_age_seconds", "Since the newest paper was first seen.", {"": int((now - held.newest).total_seconds())}
        )
    if beat:
        yield from _gauge("beat_age_seconds", "Since the clock last beat.", {"": int((now - beat).total_seconds())})


def _gauge(name: str, words: str, values: dict[str, int]) -> Iterator[str]:
    yield f"# HELP paperboy_{name} {words}\n# TYPE paperboy_{name} gauge\n"
    for labels, value in values.items():
        yield f"paperboy_{name}{{{labels}}} {value}\n" if labels else f"paperboy_{name} {value}\n"
