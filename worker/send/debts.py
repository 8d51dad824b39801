"""What a lane learned and the ledger does not know yet: kept while the database is away, and written before anything else is begun."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from config.database import Database
from config.log import logger
from worker.send.ledger import outcomes
from worker.send.ledger.outcomes import Settlement

log = logger(__name__)


@dataclass(slots=True)
class Debts:
    """One lane's."""

    database: Database
    _owed: list[tuple[int, Settlement]] = field(default_factory=list)  # owner, and what it learned

    def __bool__(self) -> bool:
        """Whether anything is owed."""
        return bool(self._owed)

    def settle(self, owner: int, settlements: Sequence[Settlement]) -> None:
        """Write these, and whatever is owed besides; what cannot be written is owed."""
        self._owed += [(owner, one) for one in settlements]
        self.pay()

    def pay(self) -> bool:
        """Write what is owed; whether nothing is owed any more."""
        if not self._owed:
            return True
        try:
            with self.database.transaction() as session:
                for who in {who for who, _ in self._owed}:
                    outcomes.settle(session, who, [one for owed_by, one in self._owed if owed_by == who])
        except SQLAlchemyError as error:
            log.warning("could not settle yet", owed=len(self._owed), error=str(error).splitlines()[0])
            return False
        self._owed.clear()
        return True
