"""From the URLs of `PAPERBOY_MAILERS` to mailers, in their order. A URL that cannot be used is a fault of the settings, told without it."""

from collections.abc import Callable

from config.clock import Clock
from config.settings import Settings, SettingsError
from worker.send.journal import NoJournal
from worker.send.mailers.maildir import MaildirMailer, folder_from
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Journal, Mailer
from worker.send.smtp.relay import relay_from
from worker.send.terms import Terms, terms_of

# A new mailer: one file in worker/send/mailers, one line here.
_MAKERS: dict[str, Callable[[str, Clock, Journal], Mailer]] = {
    "smtp": lambda url, clock, journal: SmtpMailer(relay_from(url), clock, journal),
    "smtps": lambda url, clock, journal: SmtpMailer(relay_from(url), clock, journal),
    "maildir": lambda url, _clock, _journal: MaildirMailer(folder_from(url)),
}
_CONNECTIONS = {"smtp": 4, "smtps": 4}  # a process, where the URL names none: a relay takes 20 to 50 ms over a message
_EXAMPLES = {
    "smtp": "smtp://user:pass@mail.example.org:587",
    "smtps": "smtps://user:pass@mail.example.org:465",
    "maildir": "maildir:///var/mail/paperboy",
}


def mailers_from(settings: Settings, clock: Clock, journal: Journal | None = None) -> tuple[Mailer, ...]:
    """The mailers these settings name, in the order in which they are tried; they share one journal, since one lane uses them.

    Raises SettingsError with a line a fault. Connects to nothing.
    """
    faults: list[str] = []
    made: list[Mailer] = []
    for position, url in enumerate(settings.mailers, start=1):
        try:
            made.append(_mailer(url, clock, journal or NoJournal()))
        except ValueError as error:
            faults.append(_explain(position, url, error))
    if faults:
        raise SettingsError(faults)
    return tuple(made)


def _mailer(url: str, clock: Clock, journal: Journal) -> Mailer:
    """Raises ValueError, whose words show no part of the URL that may be secret."""
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise ValueError("is no URL")
    if scheme not in _MAKERS:
        raise ValueError(f"begins with a scheme that is not known; known are {', '.join(f'{known}://' for known in _MAKERS)}")
    made = _MAKERS[scheme](url, clock, journal)
    _terms(url)
    return made


def terms_from(settings: Settings) -> tuple[Terms, ...]:
    """What each of these mailers may be given, in the same order. Raises ValueError for what `mailers_from` refuses."""
    return tuple(_terms(url) for url in settings.mailers)


def _terms(url: str) -> Terms:
    return terms_of(url, connections=_CONNECTIONS.get(url.partition("://")[0], 1))


def _explain(position: int, url: str, error: ValueError) -> str:
    scheme = url.partition("://")[0]
    known = scheme in _EXAMPLES
    name = f"the mailer in place {position}" + (f" ({scheme})" if known else "")
    return f"PAPERBOY_MAILERS: {name} {error}. Example: PAPERBOY_MAILERS='{_EXAMPLES[scheme if known else 'smtp']}'"
