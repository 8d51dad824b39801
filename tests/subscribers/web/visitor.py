"""Somebody with a browser: opens pages of the real application, fills in its forms and presses its buttons. Runs no script."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib
import httpx
from starlette.types import ASGIApp

NAMESPACE = "{http://www.w3.org/1999/xhtml}"
Fields = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Form:
    """A form as it stands in a page."""

    action: str
    method: str
    values: dict[str, list[str]]
    buttons: Mapping[str, str]  # words on it -> where it sends to


class Page:
    """An answer, as a person or a program looks at it."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.text
        self.response = response
        self.root = (
            html5lib.parse(response.text, namespaceHTMLElements=False) if "html" in response.headers.get("content-type", "") else None
        )

    @property
    def words(self) -> str:
        """What can be read."""
        assert self.root is not None
        return " ".join("".join(self._body().itertext()).split())

    @property
    def heading(self) -> str:
        return " ".join("".join(next(self._body().iter("h1")).itertext()).split())

    @property
    def links(self) -> list[str]:
        """Where the page leads to on this site."""
        return [anchor.get("href", "") for anchor in self._body().iter("a") if anchor.get("href", "").startswith(("/", "http://127.0.0.1"))]

    @property
    def forms(self) -> list[Form]:
        return [_form(element) for element in self._body().iter("form")]

    def form(self, button: str) -> tuple[Form, str]:
        """The form that has a button with these words, and where the button sends to."""
        for form in self.forms:
            if button in form.buttons:
                return form, form.buttons[button]
        raise AssertionError(f"no button {button!r}; there are {[list(form.buttons) for form in self.forms]}")

    def _body(self) -> Element:
        assert self.root is not None, f"{self.status}, no page: {self.body[:200]!r}"
        found: Element = self.root
        return found


class Visitor:
    """One person, at one network address."""

    def __init__(self, app: ASGIApp, address: str = "203.0.113.9", headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._address = address
        self._headers = {"Accept-Language": "en-GB", **(headers or {})}

    def open(self, url: str, method: str = "GET", **headers: str) -> Page:
        return self.send(method, url, headers=headers)

    def press(self, page: Page, button: str, fill: Fields | None = None) -> Page:
        """Fill in the fields of the form that has this button, and press it."""
        form, action = page.form(button)
        values = form.values | {name: [value] if isinstance(value, str) else list(value) for name, value in (fill or {}).items()}
        return self.send(form.method, action, data=values)

    def send(self, method: str, url: str, **more: object) -> Page:
        return asyncio.run(self._send(method, url, more))

    async def _send(self, method: str, url: str, more: dict[str, object]) -> Page:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=(self._address, 4711))
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        more["headers"] = self._headers | dict(more.get("headers") or {})  # type: ignore[call-overload]  # a mapping, by the callers
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return Page(await client.request(method, path, **more))  # type: ignore[arg-type]  # httpx has no name for what it takes


def _form(element: Element) -> Form:
    values: dict[str, list[str]] = {}
    for field in element.iter():
        for value in _values(field):
            values.setdefault(field.get("name", ""), []).append(value)
    action = element.get("action", "")
    buttons = {" ".join("".join(button.itertext()).split()): button.get("formaction", action) for button in element.iter("button")}
    return Form(action, element.get("method", "get").upper(), values, buttons)


def _values(field: Element) -> list[str]:
    """What a browser sends of one field."""
    if not field.get("name"):
        return []
    match field.tag:
        case "input":
            ticked = field.get("type") not in {"checkbox", "radio"} or field.get("checked") is not None
            return [field.get("value", "")] if ticked else []
        case "textarea":
            return ["".join(field.itertext())]
        case "select":
            options = list(field.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            return [option.get("value", "".join(option.itertext())) for option in chosen]
    return []
