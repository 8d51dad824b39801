"""The relay as a process: says `listening on PORT`, serves until SIGTERM or SIGINT, then counts what it took."""

import argparse
import json
import signal
import threading
from collections import Counter
from pathlib import Path

from tests.relay.faults import HELP
from tests.relay.server import Relay


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.relay",
        description="An SMTP server that misbehaves as told, and writes a JSON line for every message it took.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="a fault is: " + HELP + "\nexample:\n  python -m tests.relay --record taken.jsonl --fault 'dot every=100 keep'",
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="file that a JSON line a message is appended to")
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--size", type=int)
    parser.add_argument("--tls", action="store_true", help="from the first byte; the authority is tests/data/tls/ca.pem")
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--login", help="USER:PASSWORD that is asked for")
    parser.add_argument("--lax", action="store_true", help="take DATA without recipients, as RFC 2920 allows")
    parser.add_argument("--fault", action="append", default=[], help="what goes wrong; may be given often")
    parser.add_argument("--seed", type=int, default=0, help="of the faults that strike by chance")
    given = parser.parse_args()
    user, _, password = (given.login or "").partition(":")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Relay(
        *given.fault,
        port=given.port,
        pipelining=not given.no_pipelining,
        size=given.size,
        tls=given.tls,
        starttls=given.starttls,
        logins={user: password} if user else None,
        lax=given.lax,
        record=given.record,
        keep_data=False,
        seed=given.seed,
    ) as relay:
        print(f"listening on {relay.port}", flush=True)
        stop.wait()
    ids = Counter(taken.message_id for taken in relay.taken)
    doubled = sum(count - 1 for count in ids.values())
    counts = {"taken": len(relay.taken), "doubled": doubled, "connections": relay.connections, "complaints": relay.complaints}
    print(json.dumps(counts), flush=True)


if __name__ == "__main__":
    main()
