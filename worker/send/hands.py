"""From settings to the hands of one process: a lane for each connection that the mailers allow, on common ground."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.settings import Settings
from worker.send import absences
from worker.send.allowances import Allowance
from worker.send.breakers import Breaker
from worker.send.debts import Debts
from worker.send.delivery import Deliverer
from worker.send.ground import Ground
from worker.send.group import Composer
from worker.send.journal import Journals
from worker.send.lane import Lane
from worker.send.queue import Queue
from worker.send.rates import DatabasePace, pace_from
from worker.send.registry import mailers_from, terms_from


def hands(  # noqa: PLR0913, PLR0917 - what one process has, each once
    settings: Settings,
    database: Database,
    clock: Clock,
    composer: Composer,
    post_letters: Callable[[Session], object],
    journals: Journals,
    is_drained: Callable[[], bool],
) -> Deliverer:
    """The hands that these settings ask for; connect to nothing yet. Raises SettingsError."""
    named = [mailer.name for mailer in mailers_from(settings, clock)]
    terms = dict(zip(named, terms_from(settings), strict=True))
    ground = Ground(
        database=database,
        clock=clock,
        composer=composer,
        queue=Queue(database, clock, post_letters),
        pace=pace_from(settings, database, clock, {name: one.rate for name, one in terms.items()}),
        allowance=Allowance(database, clock, terms),
        breakers={name: Breaker(name, clock, absences.teller(database, clock, name)) for name in named},
    )
    lanes = [_lane(ground, settings, place, journals) for place in range(max(one.connections for one in terms.values()))]
    return Deliverer(lanes, is_drained)


def unpaced(given: Deliverer) -> Deliverer:
    """The same hands, asking Redis for nothing: for one letter a day."""
    lane = given.lanes[0]
    ground = replace(lane.ground, pace=DatabasePace(lane.ground.database, lane.ground.clock, {}))
    return Deliverer([replace(lane, ground=ground)])


def _lane(ground: Ground, settings: Settings, place: int, journals: Journals) -> Lane:
    """The lane in this place: it has the mailers that allow so many connections. The first lane has them all."""
    journal = journals.journal(0, lambda: False)
    made = zip(mailers_from(settings, ground.clock, journal), terms_from(settings), strict=True)
    return Lane(ground, [mailer for mailer, terms in made if terms.connections > place], journal, Debts(ground.database))
