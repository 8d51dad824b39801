"""The naive way to send a digest with this stack: a Celery task a reader, and in it everything from the row to the commit.

Jinja2 and premailer a mail, EmailMessage, a new SMTP connection. `celery -A tests.bench.naive worker`; tells nobody when it is done.
"""

import logging
import os
import smtplib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

import cssutils
import numpy as np
import premailer
from celery import Celery
from celery.signals import worker_process_init
from jinja2 import Template
from sqlalchemy import select

from config.clock import SystemClock
from config.database import Database
from config.settings import load
from subscribers.models import Interest, InterestKind, Subscriber
from tests.bench.usual import ROWS, Desk, body, preheader, subject, view
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.pick.today import Today
from worker.send.memory import MEMORY
from worker.send.models import Delivery, Kind, State

QUEUE, TASK = "naive", "naive.deliver"
CARDS, LINES = 10, 9

app = Celery("naive", broker=os.environ.get("PAPERBOY_REDIS_URL"))
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)


class Newsroom:
    """One process's papers: read once, which flatters the naive way."""

    def __init__(self) -> None:
        settings = load(os.environ)
        self.desk = Desk(settings)
        self.database = Database(settings.database_url)
        with self.database.reading() as session:
            candidates = Today(settings).desk(session, SystemClock().now()).candidates
        self.papers = {paper.id: paper for paper in candidates.papers}  # the most trending first
        self.words = {paper.id: f"{paper.title} {paper.abstract}".lower() for paper in candidates.papers}
        belongs = candidates.index.topics.toarray() > 0
        keys = [topic.key for topic in candidates.index.catalogue.topics]
        self.topics = {
            paper.id: {key for key, is_in in zip(keys, belongs[:, place], strict=True) if is_in}
            for place, paper in enumerate(candidates.papers)
        }


@cache
def newsroom() -> Newsroom:
    return Newsroom()


@worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery carries no types
def prepare(**_: object) -> None:
    """Before the first task, as in the process it is measured against."""
    logging.getLogger("celery").setLevel(logging.ERROR)
    cssutils.log.setLevel(logging.CRITICAL)
    newsroom()


@app.task(name=TASK)  # type: ignore[untyped-decorator]  # as above
def deliver(reader_id: int) -> None:
    """Read, choose, render, send, commit."""
    here, now = newsroom(), SystemClock().now()
    with here.database.transaction() as session:
        reader = session.get_one(Subscriber, reader_id)
        interests = session.scalars(select(Interest).where(Interest.subscriber_id == reader_id)).all()
        past = session.scalars(select(Delivery.papers).where(Delivery.subscriber_id == reader_id, Delivery.due_at >= now - MEMORY))
        selection = choose(here, interests, {paper for row in past for paper in np.frombuffer(row, "<i8").tolist()}, now)
        papers = np.asarray(selection.paper_ids, "<i8").tobytes()
        delivery = Delivery(
            subscriber_id=reader_id,
            occasion=f"naive:{reader_id}",
            kind=Kind.DIGEST,
            state=State.ACCEPTED,
            due_at=now,
            stale_at=now,
            next_attempt_at=now,
            settled_at=now,
            papers=papers,
            content=selection.packed(),
        )
        session.add(delivery)
        session.flush()
        send(here, reader, delivery.id, selection, now)


def choose(here: Newsroom, interests: Iterable[Interest], had: set[int], now: datetime) -> Selection:
    """What fits and what trends, paper by paper."""
    wanted = [interest.value for interest in interests if interest.kind == InterestKind.TOPIC]
    phrases = [interest.value for interest in interests if interest.kind == InterestKind.KEYWORD]
    fresh = [paper for paper in here.papers.values() if paper.id not in had and paper.first_seen_at >= now - timedelta(hours=72)]
    scored = []
    for paper in fresh:
        causes = [topic for topic in wanted if topic in here.topics[paper.id]]
        causes += [f"keyword {phrase}" for phrase in phrases if phrase in here.words[paper.id]]
        if causes:
            scored.append((len(causes), paper.id, "; ".join(causes)))
    scored.sort(reverse=True)
    fits = [Choice(paper, reason) for _, paper, reason in scored]
    taken = {choice.paper_id for choice in fits[: CARDS // 2]}
    trending = [Choice(paper.id, "Among the most voted of the day") for paper in fresh if paper.id not in taken]
    fits, rest = fits[: CARDS // 2], fits[CARDS // 2 :]
    shown = trending[: CARDS - len(fits)]
    more = [choice for choice in rest if choice not in shown][:LINES]
    return Selection(for_you=tuple(fits), trending=tuple(shown), more=tuple(more), candidates=len(fresh))


def send(here: Newsroom, reader: Subscriber, delivery: int, selection: Selection, now: datetime) -> None:
    """Render both bodies, inline the styles, and hand the message over."""
    desk, papers = here.desk, here.papers
    context = desk.context(reader.id, delivery, reader.address, selection, now)
    context |= {"subject": subject(selection, papers), "preheader": preheader(selection, papers)}
    votes = desk.links.papers(delivery)
    text = desk.text_shell.render(context, content=_body(desk.text_rows, selection, papers, votes))
    html = desk.html_shell.render(context, content=_body(desk.html_rows, selection, papers, votes))
    styled = premailer.transform(html, cssutils_logging_level=logging.CRITICAL, allow_network=False)
    with smtplib.SMTP(*desk.relay, local_hostname="bench") as line:
        line.send_message(desk.message(context, delivery, text, styled, now))


def _body(rows: Mapping[str, Template], selection: Selection, papers: Mapping[int, Paper], votes: str) -> str:
    def card(paper: Paper, choice: Choice, number: int) -> str:
        return rows["card"].render(card=view(paper), reason=choice.reason, votes=votes, number=f"{number:>2}. ")

    return body(rows, selection, papers, card)


def queued(broker_url: str, readers: Sequence[int]) -> None:
    """A task a reader, into the queue."""
    with Celery("producer", broker=broker_url) as producer:
        for reader in readers:
            producer.send_task(TASK, args=[reader], queue=QUEUE)


__all__ = ["ROWS", "app", "deliver", "queued"]
