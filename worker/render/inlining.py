"""CSS into style attributes, once a template (law 6). Never called while composing; never reads a file or the network.

premailer cannot inline markup that still holds Jinja, so each expression and statement gives way to a plain sentinel, alone but for
`house.*` (the operator's style, known at start) and what puts a template into its shell (extends, block, include). premailer works
on the template inside that shell; then the sentinels become Jinja again, and the result is what gets compiled.
"""

import logging
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import count
from typing import NoReturn

import cssutils
from jinja2 import BaseLoader, Environment, Template, TemplateError
from premailer import Premailer

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_ALIVE = re.compile(r"\{\{-?\s*house\.|\{%-?\s*(?:extends|block|endblock|include)\b|\{#")
_SENTINEL = re.compile(r"<!--paperboy(\d+)-->|paperboysentinel(\d+)x")
_ALONE = re.compile(r"[ \t]*")
_SLOT = re.compile(r"\{\{\s*content\s*\}\}")


class Inliner:
    """Inlines the templates of one environment. Made once a process, used while it starts."""

    def __init__(self, environment: Environment, house: object) -> None:
        if environment.loader is None:
            raise TemplateError("the environment has no loader")
        self._environment = environment
        self._house = house
        self._masked: dict[int, str] = {}
        self._numbers = count()
        self._shells = environment.overlay(loader=_Masking(environment.loader, self._mask))

    @property
    def house(self) -> object:
        """What templates call `house`."""
        return self._house

    def whole(self, name: str) -> Template:
        """The template `name`, a document with its own shell."""
        return self._compiled(self._unmasked(_transformed(self._rendered(name), name)))

    def parts(self, shell: str, names: Sequence[str]) -> dict[str, Template]:
        """Templates that stand where `shell` says {{ content }}, each inlined as it would be there."""
        slots = [number for number, source in self._masked_in(shell) if _SLOT.fullmatch(source)]
        if len(slots) != 1:
            raise TemplateError(f"{shell} must say {{{{ content }}}} exactly once, outside any tag; it says it {len(slots)} times")
        bounds = [f"<!--paperboypart{at}-->" for at in range(len(names) + 1)]
        filling = "".join(bound + self._rendered(name) for bound, name in zip(bounds, names, strict=False)) + bounds[-1]
        document = _transformed(self._rendered(shell).replace(_comment(slots[0]), filling), shell)
        cuts = [document.index(bound) for bound in bounds]
        sources = [document[start + len(bound) : end] for start, end, bound in zip(cuts, cuts[1:], bounds, strict=False)]
        return {name: self._compiled(self._unmasked(source)) for name, source in zip(names, sources, strict=True)}

    def _masked_in(self, name: str) -> list[tuple[int, str]]:
        document = self._rendered(name)
        numbers = [int(found[1] or found[2]) for found in _SENTINEL.finditer(document)]
        return [(number, self._masked[number]) for number in numbers]

    def _rendered(self, name: str) -> str:
        """The template as a document of plain markup and sentinels."""
        return self._shells.get_template(name).render(house=self._house)

    def _mask(self, source: str) -> str:
        made, end, inside = [], 0, False
        for found in _JINJA.finditer(source):
            before = source[end : found.start()]
            inside = before.rfind("<") > before.rfind(">") if "<" in before or ">" in before else inside
            alone = found[0].startswith("{%") or _ALONE.fullmatch(before[before.rfind("\n") + 1 :] + _rest_of_line(source, found.end()))
            made += [before, found[0] if _ALIVE.match(found[0]) else self._sentinel(found[0], as_word=inside or not alone)]
            end = found.end()
        return "".join([*made, source[end:]])

    def _sentinel(self, source: str, *, as_word: bool) -> str:
        """A word inside tags and among words; for statements and what is alone on its line a comment, allowed between table rows."""
        number = next(self._numbers)
        self._masked[number] = source
        return f"paperboysentinel{number}x" if as_word else _comment(number)

    def _unmasked(self, markup: str) -> str:
        return _SENTINEL.sub(lambda found: self._masked[int(found[1] or found[2])], markup)

    def _compiled(self, source: str) -> Template:
        return self._environment.from_string(source, globals={"house": self._house})


class _Masking(BaseLoader):
    """Another loader's templates, masked. Each is masked once: Jinja keeps what it compiled."""

    def __init__(self, loader: BaseLoader, mask: Callable[[str], str]) -> None:
        self._loader = loader
        self._mask = mask

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, _ = self._loader.get_source(environment, template)
        return self._mask(source), path, lambda: True


class _Premailer(Premailer):  # type: ignore[misc]  # premailer carries no types
    """premailer with a CSS parser that cannot fetch: cssutils follows @import to http and file URLs even with allow_network=False."""

    def _parse_css_string(self, css_body: str, validate: bool = True) -> object:  # noqa: FBT001, FBT002 - premailer's signature
        return cssutils.CSSParser(loglevel=logging.CRITICAL, fetcher=_refused, validate=False).parseString(css_body)


def _refused(url: str) -> NoReturn:
    raise TemplateError(f"a mail's style sheet must not import {url}: paste its rules into the template")


@lru_cache(maxsize=64)  # a process may have several presses, and cssutils takes half a second for the templates of one
def _transformed(document: str, name: str) -> str:
    before = [found[0] for found in _SENTINEL.finditer(document)]
    inlined: str = _Premailer(
        document,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        allow_loading_external_files=False,
        remove_classes=False,
        keep_style_tags=False,
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    after = [found[0] for found in _SENTINEL.finditer(inlined)]
    if before != after:
        raise TemplateError(f"{name}: the markup is not well-formed, {len(before)} expressions went in and {len(after)} came out")
    return inlined


def _rest_of_line(source: str, start: int) -> str:
    end = source.find("\n", start)
    return source[start:] if end < 0 else source[start:end]


def _comment(number: int) -> str:
    return f"<!--paperboy{number}-->"
