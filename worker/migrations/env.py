"""How Alembic reaches the rows of every room. `worker.schema` opens the transaction and hands its connection over."""

import importlib
from pathlib import Path
from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from config.database import Base

ROOT = Path(__file__).resolve().parents[2]


def import_every_row() -> None:
    """Every room's models.py; a new room needs no line here."""
    for file in sorted([*ROOT.glob("subscribers/models.py"), *ROOT.glob("worker/*/models.py")]):
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """A migration outlives our column types: write what they are made of."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


import_every_row()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
