"""What may be picked right now: the newest ranking's candidates, made ready once and kept until ranking or marks change."""

import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from config.settings import Settings, SettingsError
from subscribers.topics import Catalogue, CatalogueError, bundled_catalogue, parse_catalogue
from worker.ingest import catalogue as papers
from worker.pick import editions, rankings
from worker.pick.candidates import Candidates, Marks
from worker.pick.models import Ranking
from worker.pick.topic_file import bundled_model
from worker.pick.topic_model import TopicModel


def topics_of(settings: Settings) -> Catalogue:
    """The operator's catalogue of topics, or ours. Raises SettingsError for a file that is not there, or that holds none."""
    if settings.topics is None:
        return bundled_catalogue()
    try:
        return parse_catalogue(settings.topics.read_text(encoding="utf-8"))
    except OSError as error:
        fault = f"{settings.topics} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        fault = f"{settings.topics} is no text in UTF-8"
    except CatalogueError as error:
        fault = f"{settings.topics}: {error}"
    raise SettingsError([f"PAPERBOY_TOPICS: {fault}. Example: PAPERBOY_TOPICS=/etc/paperboy/topics.toml"])


@dataclass(frozen=True, slots=True)
class Desk:
    """The candidates of one ranking under one day's marks, and where merged works live now."""

    ranking_id: int | None
    marks: Marks
    candidates: Candidates
    ids: dict[str, int]  # paper key -> id
    redirects: dict[int, int]  # merged id -> the one that stands

    def standing(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same works in the same order, each under the id it has now."""
        if not self.redirects:
            return ids
        merged = np.fromiter(sorted(self.redirects), np.int64, len(self.redirects))
        places = np.minimum(np.searchsorted(merged, ids), merged.size - 1)
        now = np.fromiter((self.redirects[one] for one in merged.tolist()), np.int64, merged.size)
        return np.where(merged[places] == ids, now[places], ids)


class Today:
    """A process's view of what may be picked. Making it ready costs a second or two, once a ranking."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._desk: Desk | None = None
        self._laying = threading.Lock()

    @cached_property
    def topics(self) -> Catalogue:
        return topics_of(self._settings)

    @cached_property
    def _model(self) -> TopicModel:
        return bundled_model()

    def desk(self, session: Session, now: datetime) -> Desk:
        """What to pick from at `now`; an empty catalogue gives an empty desk. One thread at a time lays it, the others wait."""
        newest, marks = rankings.newest_id(session), editions.marks(session, now.date())
        with self._laying:
            if self._desk is None or (self._desk.ranking_id, self._desk.marks) != (newest, marks):
                self._desk = self._lay(session, rankings.one(session, newest) if newest else None, marks)
            return self._desk

    @property
    def ranking_id(self) -> int | None:
        """The ranking that was picked from last."""
        return self._desk.ranking_id if self._desk else None

    def _lay(self, session: Session, ranking: Ranking | None, marks: Marks) -> Desk:
        candidates = rankings.candidates(session, ranking, self.topics, self._model, marks)
        return Desk(
            ranking_id=ranking.id if ranking else None,
            marks=marks,
            candidates=candidates,
            ids={name: paper.id for paper in candidates.papers for name in (paper.key, *paper.aliases)},
            redirects=papers.redirects(session),
        )
