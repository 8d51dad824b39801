"""Answers that are the same for everybody, named by their content: who asks again is told "unchanged" (RFC 9110, section 13)."""

from hashlib import blake2b
from http import HTTPStatus

from starlette.responses import Response

from subscribers.web.site import Asked

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
BIBTEX = "application/x-bibtex; charset=utf-8"


def public(asked: Asked, body: str, media_type: str, seconds: int) -> Response:
    """`body`, fresh for `seconds`; 304 for a client that has it."""
    content = body.encode()
    tag = f'"{blake2b(content, digest_size=12).hexdigest()}"'
    headers = {"Cache-Control": f"public, max-age={seconds}", "ETag": tag}
    known = {given.strip().removeprefix("W/") for given in asked.headers.get("if-none-match", "").split(",")}
    if tag in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=media_type, headers=headers)
