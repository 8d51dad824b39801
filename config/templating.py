"""The Jinja environment: escaped by default, and an undefined name is an error, not an empty string."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


def environment(own: Path | None = None, filters: Mapping[str, Callable[..., object]] | None = None) -> Environment:
    """Templates of the operator's folder `own` first, then ours; `.html` and `.xml` escape, `.txt` does not."""
    folders = [own, TEMPLATES] if own else [TEMPLATES]
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(("html", "xml"), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(filters or {})
    return made
