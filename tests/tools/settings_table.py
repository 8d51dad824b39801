"""Writes the README's table of settings from the settings themselves: `python -m tests.tools.settings_table`."""

import re
from pathlib import Path

from config.settings import PREFIX, ROOT, Settings

README = Path(__file__).resolve().parents[2] / "README.md"
_PLACE = re.compile(r"(<!-- settings: .*? -->\n).*(<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    """A row a setting: variable, default, meaning, example."""
    rows = ["| variable | default | meaning | example |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        example = (field.examples or [""])[0]
        rows.append(f"| `{PREFIX}{name.upper()}` | {_shown(field.default)} | {field.description} | `{example}` |")
    return "\n".join(rows) + "\n"


def written(readme: str) -> str:
    """`readme` with the table in its place."""
    return _PLACE.sub(lambda found: found[1] + "\n" + table() + "\n" + found[2], readme)


def _shown(default: object) -> str:
    if default in (None, "", ()):
        return ""
    words = " ".join(default) if isinstance(default, tuple) else str(default)
    return f"`{words.replace(str(ROOT) + '/', '')}`"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
