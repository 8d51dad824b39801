"""Leaving at once, for the clicks of mail programs: they come by the hundred after a wave, and go into the database in groups.

Whoever comes while a group is being written goes with the next one. Nobody is told "done" before their group is committed.
"""

import asyncio
from dataclasses import dataclass, field

from config.database import Database
from config.log import logger
from subscribers import standing

log = logger(__name__)


@dataclass(slots=True)
class _Group:
    """Clicks that share one statement."""

    ids: set[int] = field(default_factory=set)
    left: frozenset[int] = frozenset()
    fault: Exception | None = None
    is_over: bool = False


class Leavers:
    """One object a process, used from its event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = _Group()
        self._writing = asyncio.Lock()

    async def leave(self, subscriber_id: int) -> bool:
        """No mail any more; False if that was so before, or nobody has this id. Raises what the database raised for the group."""
        group = self._open
        group.ids.add(subscriber_id)
        async with self._writing:
            if not group.is_over:
                self._open = _Group()
                await asyncio.to_thread(self._write, group)
        if group.fault:
            raise group.fault
        return subscriber_id in group.left

    def _write(self, group: _Group) -> None:
        try:
            with self._database.transaction() as session:
                left = standing.leave_all(session, group.ids)
        except Exception as fault:  # noqa: BLE001 - each of the group raises it
            group.fault = fault
        else:
            group.left = left
            if left:
                log.info("left", subscribers=sorted(left))
        group.is_over = True
