"""Papers as pages show them: the mail's cards, with the words why they are there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from worker.ingest.papers import Paper
from worker.pick.choices import Choice
from worker.render.cards import View, view_of


@dataclass(frozen=True, slots=True)
class Shown:
    """One paper and its reason."""

    card: View
    reason: str


def shown(choices: Iterable[Choice], papers: Mapping[int, Paper]) -> tuple[Shown, ...]:
    """Those of the choices whose papers are at hand, in order."""
    return tuple(Shown(_view(papers[choice.paper_id]), choice.reason) for choice in choices if choice.paper_id in papers)


@lru_cache(maxsize=4096)  # reading a title's TeX and finding the contribution take half a millisecond
def _view(paper: Paper) -> View:
    return view_of(paper)
