"""`/inbox`: what was mailed, while the mailer is a Maildir on the machine one sits at. Not there in production, nor for another machine."""

import email
import email.policy
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from config.settings import Settings
from subscribers.web.site import Asked, Handler, Site, endpoint

_LISTED = 200  # mails on one page
_HEADER_BYTES = 16_384
_NAME = re.compile(r"[\w.,=:+-]{1,255}", re.ASCII)
_FRAMING = (
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A mail as a mail program shows it: its own style, no script, nothing loaded; links open beside it.
_MAIL = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


Page = Callable[[Site, Path, Asked], Response]


@dataclass(frozen=True, slots=True)
class Listed:
    """One mail in the list."""

    name: str
    arrived_at: datetime
    to: str
    subject: str


def routes(site: Site) -> list[Route]:
    """The inbox, or nothing where there must be none."""
    folder = folder_of(site.settings)
    if folder is None:
        return []
    pages = {"": _list, "/{name}": _show, "/{name}/html": _html, "/{name}/raw": _raw}
    return [Route(f"/inbox{path}", endpoint(site, _local(folder, page)), methods=["GET"]) for path, page in pages.items()]


def folder_of(settings: Settings) -> Path | None:
    """The Maildir that may be shown: of an embedded service, in development, bound to loopback; else None."""
    url = urlsplit(settings.mailers[0])
    if settings.env == "production" or not settings.embedded or url.scheme != "maildir" or not _is_loopback(settings.host):
        return None
    return Path(unquote(url.netloc + url.path))


def is_linked(settings: Settings) -> bool:
    """Whether pages lead there: not where others reach them, by a proxy on this machine."""
    return folder_of(settings) is not None and _is_loopback(urlsplit(settings.base_url).hostname or "")


def listed(folder: Path) -> list[Listed]:
    """The newest mails of a Maildir, the newest first."""
    files = [
        file for part in ("new", "cur") if (folder / part).is_dir() for file in (folder / part).iterdir() if _NAME.fullmatch(file.name)
    ]
    newest = sorted(((file.stat().st_mtime_ns, file) for file in files), reverse=True)[:_LISTED]
    return [_listed(file, arrived) for arrived, file in newest]


def _list(site: Site, folder: Path, asked: Asked) -> Response:  # noqa: ARG001 - as all pages are called
    return site.page("inbox", mails=listed(folder), folder=str(folder))


def _show(site: Site, folder: Path, asked: Asked) -> Response:
    mail = _read(folder, asked)
    text = mail.get_body(("plain",))
    response = site.page(
        "inbox-mail",
        name=asked.path["name"],
        subject=str(mail["Subject"] or "(no subject)"),
        headers=[(name, str(value)) for name, value in mail.items()],
        text=_content(text) if text else "",
        has_html=mail.get_body(("html",)) is not None,
    )
    response.headers["Content-Security-Policy"] = _FRAMING
    return response


def _html(site: Site, folder: Path, asked: Asked) -> Response:  # noqa: ARG001 - one signature for all handlers
    body = _read(folder, asked).get_body(("html",))
    if body is None:
        raise HTTPException(404)
    html = _content(body).replace("<head>", '<head><base target="_blank">', 1)
    headers = {"Content-Security-Policy": _MAIL, "X-Frame-Options": "SAMEORIGIN", "Cache-Control": "no-store"}
    return HTMLResponse(html, headers=headers)


def _raw(site: Site, folder: Path, asked: Asked) -> Response:  # noqa: ARG001 - one signature for all handlers
    return Response(_file(folder, asked).read_bytes(), media_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})


def _local(folder: Path, page: Page) -> Handler:
    """Only for who asks this machine by its own name: a page elsewhere that points its domain here (DNS rebinding) learns nothing."""

    def answer(site: Site, asked: Asked) -> Response:
        try:
            host = urlsplit(f"//{asked.headers.get('host', '')}").hostname or ""
        except ValueError:  # an IPv6 address that is none
            host = ""
        if not _is_loopback(host) or not _is_loopback(asked.network.partition("/")[0]):
            raise HTTPException(404)
        return page(site, folder, asked)

    return answer


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(file: Path, arrived: int) -> Listed:
    with file.open("rb") as mail:
        head = mail.read(_HEADER_BYTES).partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]
    parsed = _parsed(head)
    return Listed(
        name=file.name,
        arrived_at=datetime.fromtimestamp(arrived / 1e9, UTC),
        to=str(parsed["To"] or ""),
        subject=str(parsed["Subject"] or "(no subject)"),
    )


def _file(folder: Path, asked: Asked) -> Path:
    name = asked.path["name"]
    found: Sequence[Path] = [file for part in ("new", "cur") if (file := folder / part / name).is_file()] if _NAME.fullmatch(name) else ()
    if not found or name in {".", ".."}:
        raise HTTPException(404)
    return found[0]


def _read(folder: Path, asked: Asked) -> EmailMessage:
    return _parsed(_file(folder, asked).read_bytes())


def _parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, EmailMessage, policy=email.policy.default)


def _content(part: MIMEPart) -> str:
    content = part.get_content()
    return content if isinstance(content, str) else ""
