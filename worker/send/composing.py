"""From claims to parcels: who the reader is now, whether we may still write, and the message joined from its pieces."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from config.clock import Clock
from config.database import Database
from config.log import logger
from config.settings import Settings
from subscribers import audience, cadence
from subscribers.audience import Addressee
from subscribers.links import Links
from subscribers.models import Standing
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick.choices import unpacked
from worker.render.message import Message
from worker.send.delivery import Ready
from worker.send.ledger import Claimed, Settlement
from worker.send.models import OPERATOR_ID, State
from worker.send.port import Outcome, Parcel, Verdict

log = logger(__name__)
