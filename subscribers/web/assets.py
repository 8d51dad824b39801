"""Style, script and icon, served by us alone: made once at start, named by their content, kept by caches for good."""

from dataclasses import dataclass
from hashlib import blake2b

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_TYPES = {"site.css": "text/css; charset=utf-8", "site.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    body: bytes
    media_type: str


class Assets:
    """The files of `templates/pages/static`, with the operator's style poured in."""

    def __init__(self, templates: Environment) -> None:
        self._files: dict[str, _Asset] = {}
        self._names: dict[str, str] = {}
        for name, media_type in _TYPES.items():
            body = templates.get_template(f"pages/static/{name}").render().encode()
            stem, _, ending = name.rpartition(".")
            named = f"{stem}.{blake2b(body, digest_size=6).hexdigest()}.{ending}"
            self._files[named] = _Asset(body, media_type)
            self._names[name] = f"/static/{named}"

    def url(self, name: str) -> str:
        """The path of a file: "site.css" is /static/site.1f3a….css."""
        return self._names[name]

    def route(self) -> Route:
        """Serves them."""
        return Route("/static/{name}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return Response(found.body, media_type=found.media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})
