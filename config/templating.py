"""The Jinja environment: escaped by default, and an undefined name is an error, not an empty string."""

from collections.abc import Callable, Mapping
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, select_autoescape

from config.settings import SettingsError

TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


def environment(own: Path | None = None, filters: Mapping[str, Callable[..., object]] | None = None) -> Environment:
    """Templates of the operator's folder `own` first, then ours; `.html` and `.xml` escape, `.txt` does not.

    Raises SettingsError when `own` is no folder: a mistyped path must not pass for a style of the house.
    """
    if own and not own.is_dir():
        raise SettingsError([f"PAPERBOY_TEMPLATES: {own} is no folder. Example: PAPERBOY_TEMPLATES=/etc/paperboy/templates"])
    folders = [own, TEMPLATES] if own else [TEMPLATES]
    made = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        autoescape=select_autoescape(("html", "xml"), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,  # looking whether files have changed took a twentieth of a page
    )
    made.filters.update(filters or {})
    return made
