"""Headers of every answer: nothing runs, loads or frames but what is ours; paths with tokens are told to nobody."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Everything a page of ours needs; a page that needs less, or a mail's own style, sets its own policy.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'{logo}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def policy(logo_origin: str = "") -> str:
    """The Content-Security-Policy of our pages; the operator's logo is the one thing that may come from elsewhere."""
    return POLICY.format(logo=f" {logo_origin}" if logo_origin else "")


def security_headers(content_policy: str, *, is_https: bool) -> Mapping[str, str]:
    """The headers of every answer that does not set them itself."""
    headers = {
        "Content-Security-Policy": content_policy,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    return headers | {"Strict-Transport-Security": "max-age=31536000"} if is_https else headers


class WithHeaders:
    """Adds headers to every answer that does not set them itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(header for header in self._headers if header[0] not in own)]
            await send(message)

        await self._app(scope, receive, send_with_headers)
