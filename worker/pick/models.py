"""The rows of picking: rankings, which never change, and editions, which carry the operator's hand."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from config.database import NEVER_REUSED, Base, Id, Instant


class Ranking(Base):
    """An immutable snapshot: the candidates with their trending scores at a moment, packed, the best first."""

    __tablename__ = "rankings"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
    basis: Mapped[str] = mapped_column(String(60), default="")  # what the runs had brought by then (`runlog.brought`)
    size: Mapped[int] = mapped_column(Integer)
    papers: Mapped[bytes] = mapped_column(LargeBinary)  # little-endian int64: paper ids
    scores: Mapped[bytes] = mapped_column(LargeBinary)  # little-endian float64, beside them

    __table_args__ = (NEVER_REUSED,)


class Edition(Base):
    """The public page of one UTC day: the ranking that closed it, with the operator's note."""

    __tablename__ = "editions"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    ranking_id: Mapped[int | None] = mapped_column(ForeignKey("rankings.id"))
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")


class Mark(Base):
    """A paper the operator pinned to one day's edition and digests, or hid from that day on."""

    __tablename__ = "edition_marks"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(4))  # pin or hide
