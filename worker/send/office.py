"""One process's send room: plans, delivers, sweeps and watches, with its caches and its kept connections."""

import os
import socket
from collections.abc import Sequence
from datetime import timedelta

from config.log import logger
from config.runtime import Runtime
from subscribers import audience
from worker.send import heartbeats, ledger, notices, planning, retention, waves
from worker.send.composing import LedgerComposer
from worker.send.delivery import Deliverer, Tally
from worker.send.journal import Journals
from worker.send.ownership import Ownership, Sweeper
from worker.send.rates import pace_from, rate_of
from worker.send.registry import mailers_from
from worker.send.today import Today

log = logger(__name__)
