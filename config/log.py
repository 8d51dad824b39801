"""One structured line an event, on standard error; addresses, tokens and mailer URLs never reach it.

Redaction is the last step before the line is made, so it also covers what libraries log through the standard module.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

_REDACTIONS = (
    # A mailer or database URL with its credentials: keep the scheme and the host.
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^/\s@'\"]+@"), r"\1…@"),
    (re.compile(r"\b(postmark|ses|sendgrid|mailgun|resend|brevo)://[^\s'\"]+"), r"\1://…"),
    # An address: keep the domain, which is what an operator needs to see. First the rare quoted kind, which may hold blanks.
    (re.compile(r"\"[^\"\r\n]{1,80}\"@((?:[\w-]+\.)+[\w-]+)"), r"…@\1"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@((?:[\w-]+\.)+[\w-]+|localhost)", re.UNICODE), r"…@\1"),
    # A token in one of our paths, or in any query.
    (re.compile(r"(/(?:u|unsubscribe|preferences|confirm|read|vote|digests|feed)/)[A-Za-z0-9_-]{16,}"), r"\1…"),
    (re.compile(r"([?&](?:token|key|secret)=)[^&\s'\"]+"), r"\1…"),
)


_HINT = re.compile("[@/=]")  # nothing of the kind is without one of these; most of what is looked at has none


def redact(text: str) -> str:
    """`text` without addresses, tokens and credentials."""
    if _HINT.search(text) is None:
        return text
    for pattern, replacement in _REDACTIONS:
        text = pattern.sub(replacement, text)
    return text


def configure(*, human: bool, level: str = "INFO") -> None:
    """Log to standard error: readable lines for a person at a terminal, JSON for a machine."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    renderer = structlog.dev.ConsoleRenderer() if human else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _redact_event, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Celery says of every tick that it was sent, received and done: three lines every two seconds.
    for loud in ("httpx", "httpcore", "alembic", "CSSUTILS", "premailer", "celery.beat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(loud).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module: `logger(__name__).info("wave planned", readers=412)`."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def _redact_event(_logger: object, _method: str, event: Event) -> Event:
    return {key: _redacted(value) for key, value in event.items()}


def _redacted(value: object) -> object:
    match value:
        case str():
            return redact(value)
        case dict():
            return {key: _redacted(inner) for key, inner in value.items()}
        case list() | tuple() | set():
            return [_redacted(inner) for inner in value]
        case BaseException():
            return redact(str(value))
    return value
