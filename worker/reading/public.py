"""Answers named by their content: who asks again is told "unchanged" (RFC 9110, section 13)."""

from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus

from starlette.responses import Response

from subscribers.web.site import Asked

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
BIBTEX = "application/x-bibtex; charset=utf-8"


def public(asked: Asked, body: str, media_type: str, seconds: int) -> Response:
    """What is the same for everybody, fresh for `seconds`; 304 for a client that has it."""
    return _named(asked, body, media_type, {"Cache-Control": f"public, max-age={seconds}"})


def private(asked: Asked, body: str, media_type: str, seconds: int) -> Response:
    """What is one reader's own: kept by no cache on the way, listed by no search engine."""
    return _named(asked, body, media_type, {"Cache-Control": f"private, max-age={seconds}", "X-Robots-Tag": "noindex"})


def _named(asked: Asked, body: str, media_type: str, headers: Mapping[str, str]) -> Response:
    content = body.encode()
    tag = f'"{blake2b(content, digest_size=12).hexdigest()}"'
    headers = {**headers, "ETag": tag}
    known = {given.strip().removeprefix("W/") for given in asked.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
