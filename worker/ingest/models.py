"""The catalogue's rows: works, their names, who listed them when, how their votes grew, and what each run of a source did."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import NEVER_REUSED, Base, Id, Instant


class PaperRow(Base):
    """One work. `first_seen_at` is ours and the earliest for good; the rest is the richest value any listing gave.

    When two works turn out to be one, the younger row stays as a signpost (`merged_into`): ledgers, rankings and marks hold ids, and
    what a reader was sent must be remembered under the id it was sent by.
    """

    __tablename__ = "papers"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    title: Mapped[str] = mapped_column(Text)
    abstract: Mapped[str] = mapped_column(Text, default="")
    authors: Mapped[list[str]] = mapped_column(JSON, default=list)
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    keywords: Mapped[list[str]] = mapped_column(JSON, default=list)
    first_seen_at: Mapped[datetime] = mapped_column(Instant, index=True)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    listed_on: Mapped[date | None] = mapped_column(Date)
    url: Mapped[str] = mapped_column(Text, default="")
    pdf_url: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str | None] = mapped_column(Text)
    repository: Mapped[str | None] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(String(200))
    stars: Mapped[int | None] = mapped_column(Integer)
    votes: Mapped[int] = mapped_column(Integer, default=0)
    comments: Mapped[int] = mapped_column(Integer, default=0)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    # How each value was won ("summary": "huggingface"), for the rule of the richer value.
    origins: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("papers.id"))  # always a work that still stands, never a chain

    __table_args__ = (
        Index(
            "ix_papers_merged_into",
            "merged_into",
            postgresql_where=text("merged_into IS NOT NULL"),
            sqlite_where=text("merged_into IS NOT NULL"),
        ),
        NEVER_REUSED,
    )


class Alias(Base):
    """A name of a work: "arxiv:…", "doi:…", "title:…". Merged works keep all their names."""

    __tablename__ = "paper_aliases"

    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)


class Listing(Base):
    """One source's record of a paper on a day, as it was given."""

    __tablename__ = "listings"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    source: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(300))
    listed_on: Mapped[date] = mapped_column(Date)
    seen_at: Mapped[datetime] = mapped_column(Instant)  # when we read it first
    record: Mapped[dict[str, Any]] = mapped_column(JSON)  # the Record, as plain values

    __table_args__ = (UniqueConstraint("source", "external_id", "listed_on"), NEVER_REUSED)


class Snapshot(Base):
    """Votes, comments and stars at a moment of ours; written only when one of them changed."""

    __tablename__ = "snapshots"

    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    votes: Mapped[int] = mapped_column(Integer, default=0)
    comments: Mapped[int] = mapped_column(Integer, default=0)
    stars: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (Index("ix_snapshots_taken_at", "taken_at"),)


class Run(Base):
    """One run of one source over a few days: what was asked, what came, and what went wrong. Its days count once it ended without error."""

    __tablename__ = "ingest_runs"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(String(200))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)  # last sign of life
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    since: Mapped[date] = mapped_column(Date)  # first day asked for
    until: Mapped[date] = mapped_column(Date)  # last day asked for
    owed_since: Mapped[date | None] = mapped_column(Date)  # first day still owed when it began; empty when an operator chose the days
    progress: Mapped[str] = mapped_column(String(200), default="")  # what is being fetched, in words, while it runs
    seen: Mapped[int] = mapped_column(Integer, default=0)
    new: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    fresh: Mapped[int] = mapped_column(Integer, default=0)  # entries this source had never listed before: none for a day is stale
    skips: Mapped[int] = mapped_column(Integer, default=0)
    skipped: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)  # entry -> reason, the first of them
    error: Mapped[str | None] = mapped_column(Text)
    stale: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index("ix_ingest_runs_source", "source", "begun_at"), NEVER_REUSED)


class Fetch(Base):
    """The last answer of one URL that could be read, with its validators (RFC 9110, section 13).

    The body is kept so that "not modified" means the same papers again, even when the run that saw them first broke off.
    """

    __tablename__ = "fetches"

    url: Mapped[str] = mapped_column(String(1000), primary_key=True)
    etag: Mapped[str | None] = mapped_column(String(300))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    body: Mapped[bytes] = mapped_column(LargeBinary)  # zlib


class HostTurn(Base):
    """When a host may be asked next: one request every three seconds to arXiv, across all processes."""

    __tablename__ = "host_turns"

    host: Mapped[str] = mapped_column(String(200), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Instant)


class Resolution(Base):
    """What arXiv answered when asked for an exact title: an id, or that it knows none."""

    __tablename__ = "resolutions"

    title: Mapped[str] = mapped_column(String(80), primary_key=True)  # the title's name: see papers.title_name
    arxiv_id: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[datetime] = mapped_column(Instant)
