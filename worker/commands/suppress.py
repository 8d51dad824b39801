"""`suppress`: never write to an address again, or lift that."""

from datetime import datetime

import click
from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience, standing
from subscribers.addresses import AddressError, address_key, check_address, kept_key
from subscribers.standing import Reason
from worker.commands.common import with_runtime
from worker.commands.terminal import USAGE, example, fail, say
from worker.send.ledger import steering


@click.command(
    epilog=example("./paperboy suppress ada@example.org --because 'asked by phone'", "./paperboy suppress ada@example.org --lift")
)
@click.argument("email")
@click.option("--because", default="", help="Why, for those who look later.")
@click.option("--lift", is_flag=True, help="Allow mail to this address again.")
@with_runtime
def suppress(runtime: Runtime, email: str, because: str, lift: bool) -> None:  # noqa: FBT001 - click hands a flag over so
    """Never write to an address again, by whomever it is signed up; what waits for it is taken back."""
    try:
        address = check_address(email)
    except AddressError as error:
        fail(str(error), USAGE)
    now = runtime.clock.now()
    with runtime.database.transaction() as session:
        key = address_key(kept_key(session), address)
        if lift:
            _lift(session, key, address, now)
            return
        was_new = standing.suppress(session, key, Reason.OPERATOR, now, because)
        row = audience.by_address_key(session, key)
        taken = steering.cancel_for(session, row.id, now=now, reason="suppressed by the operator") if row else 0
    taken_back = f"; taken back: {taken} that waited" if taken else ""
    say(f"{address} is suppressed{'' if was_new else ' (it was before)'}{taken_back}")


def _lift(session: Session, key: bytes, address: str, now: datetime) -> None:
    if not standing.lift(session, key, now):
        fail(f"{address} was not suppressed; nothing was changed")
    row = audience.by_address_key(session, key)
    say(f"{address} may be written to again{f'; as a reader: {row.standing}' if row else '; nobody subscribes with it'}")
