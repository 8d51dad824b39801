"""What stopped a command, in a line and an exit code.

Knows the faults that an operator can mend; any other is ours, and keeps its traceback.
"""

from jinja2 import TemplateError, TemplateSyntaxError
from sqlalchemy.exc import DatabaseError, InterfaceError, OperationalError

from config.log import redact
from config.settings import SettingsError
from worker.commands.terminal import FAILED, USAGE
from worker.render.headers import BadAddress
from worker.schema import SchemaError

Told = tuple[str, int]


def explained(error: Exception) -> Told | None:
    """The words and the exit code of a fault that has a remedy; None for one that nobody foresaw."""
    if words := _of_usage(error):
        return words, USAGE
    if isinstance(error, OSError):
        return _file(error), FAILED
    return _of_database(error)


def _of_usage(error: Exception) -> str | None:
    match error:
        case SettingsError():
            return "\n".join(error.faults)
        case SchemaError():
            return str(error)
        case BadAddress():
            return f"PAPERBOY_SENDER: {error}. Example: PAPERBOY_SENDER='Paperboy <papers@example.org>'"
        case TemplateError():
            return f"PAPERBOY_TEMPLATES: {_template(error)}"
        case UnicodeEncodeError(reason="surrogates not allowed"):  # what Python makes of bytes that are no text (PEP 383)
            return "what was typed holds bytes that are no UTF-8; type it anew"
    return None


def first_line(error: Exception) -> str:
    """What an error says first; its name when it says nothing."""
    return redact((str(error).strip() or type(error).__name__).splitlines()[0])


def of_database(error: DatabaseError | InterfaceError) -> str:
    """What the driver says, without the statement around it."""
    said = str(error.orig).strip().splitlines() or [type(error).__name__]
    return redact(said[0])


def _of_database(error: Exception) -> Told | None:
    # Anything more exact than DatabaseError is a mistake of ours: a constraint, a type, a column.
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        remedy = "Look whether the server runs, and try: paperboy doctor"
        return f"PAPERBOY_DATABASE_URL: the database cannot be used: {of_database(error)}. {remedy}", FAILED
    return None


def _template(error: TemplateError) -> str:
    place = f" ({error.name}, line {error.lineno})" if isinstance(error, TemplateSyntaxError) else ""
    return f"{type(error).__name__}: {error.message}{place}"


def _file(error: OSError) -> str:
    words = error.strerror or first_line(error)
    return f"{error.filename}: {words}. Look at the path, and at who owns it" if error.filename else words
