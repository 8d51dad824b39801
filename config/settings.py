"""Typed settings, read once from the environment. A bad or missing value names the variable, the fault and an example."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "PAPERBOY_"
DEVELOPMENT_KEY = "for-development-only-change-me"
SHORTEST_KEY = 16  # letters of 4 bits: 64 bits, the least worth signing with
LONGEST_LINE = 200
LAST_PORT = 65535
# A label of the DNS.
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class SettingsError(Exception):
    """One line a fault; each names a variable, what was wrong with it, and an example."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _words(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


def _list(value: object) -> object:
    return tuple(re.split(r"[\s,]+", value.strip())) if isinstance(value, str) else value


def _nothing(value: object) -> object:
    return None if value == "" else value


def _keys(value: object) -> object:
    """Words of the form SELECTOR=PATH, in pairs. A fault names their place alone: somebody may have put the key itself there."""
    if not isinstance(value, str):
        return value
    if "PRIVATE KEY" in value:
        raise ValueError("holds a private key itself; keep it in a file, and name that")
    pairs = [tuple(word.partition("=")[::2]) for word in value.split()]
    for place, (selector, path) in enumerate(pairs, start=1):
        if not _LABEL.fullmatch(selector) or not path:
            raise ValueError(f"the word in place {place} is not SELECTOR=PATH, with a selector of at most 63 letters, digits and hyphens")
    selectors = [selector.lower() for selector, _ in pairs]
    if len(set(selectors)) < len(selectors):
        raise ValueError("names one selector twice; each key needs its own")
    return tuple((selector, Path(path).expanduser().absolute()) for selector, path in pairs)


Keys = Annotated[tuple[tuple[str, Path], ...], BeforeValidator(_keys)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
List = Annotated[tuple[str, ...], BeforeValidator(_list)]
Optional = Annotated[str | None, BeforeValidator(_nothing)]
OptionalPath = Annotated[Path | None, BeforeValidator(_nothing)]


def _setting(default: object, *, example: str, words: str) -> Any:  # noqa: ANN401 - pydantic's Field is typed so
    return Field(default=default, description=words, examples=[example])


def _secret(default: object, *, example: str, words: str) -> Any:  # noqa: ANN401 - as above
    return Field(default=default, description=words, examples=[example], repr=False)


class Settings(BaseModel):
    """Every setting, with its meaning and an example; `README.md` prints this table."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True, hide_input_in_errors=True)

    env: Literal["development", "production"] = _setting(
        "development", example="production", words="production refuses what is only fit for a try-out"
    )
    state_dir: Path = _setting(ROOT / "state", example="/var/lib/paperboy", words="folder of the SQLite file, the Maildir and the journals")
    database_url: str = _secret(
        "", example="postgresql://paperboy:secret@db/paperboy", words="SQLAlchemy URL; empty: a SQLite file in the state folder"
    )
    redis_url: Optional = _secret(
        None, example="redis://redis:6379/0", words="Celery's broker; empty: everything runs in one process (`./paperboy up`)"
    )
    secret_key: List = _secret(
        (DEVELOPMENT_KEY,), example="b7f2…64 random letters", words="signs links; a list separated by commas: the first signs, all verify"
    )
    base_url: str = _setting("http://127.0.0.1:8000", example="https://papers.example.org", words="where readers reach the pages")
    sender: str = _setting("Paperboy <paperboy@localhost.localdomain>", example="Paperboy <papers@example.org>", words="From of every mail")
    reply_to: Optional = _setting(None, example="editor@example.org", words="Reply-To of every mail")
    postal_address: Optional = _setting(
        None, example="Example Ltd, 1 High Street, London", words="printed in the foot of every mail, as the law in many places asks"
    )
    operator: Optional = _setting(None, example="ops@example.org", words="gets one plain mail a cause a day; the contact that sources see")
    name: str = _setting("Paperboy", example="Lab Papers", words="name of the service, in mails and pages")
    accent: str = _setting("#b3401f", example="#0b6e4f", words="the one accent colour, as #rrggbb")
    logo: Optional = _setting(None, example="https://papers.example.org/logo.png", words="image shown by pages; mails fetch no image")
    topics: OptionalPath = _setting(None, example="/etc/paperboy/topics.toml", words="a topic catalogue of your own")
    templates: OptionalPath = _setting(None, example="/etc/paperboy/templates", words="a folder of templates read before ours")
    sources: Words = _setting(
        ("huggingface", "arxiv:cs.LG,cs.CL,cs.CV,cs.AI,cs.RO,stat.ML"),
        example="huggingface arxiv:cs.LG,cs.CV feed:https://example.org/feed.xml",
        words="what is read, separated by blanks",
    )
    mailers: Words = _secret(
        (), example="smtp://user:pass@mail.example.org:587", words="how mail leaves, tried in order; empty: a Maildir in the state folder"
    )
    dkim: Keys = _setting(
        (),
        example="2026r=/run/secrets/dkim-rsa.pem 2026e=/run/secrets/dkim-ed25519.pem",
        words="keys that sign every mail, each after its selector; `./paperboy doctor` prints their DNS records",
    )
    huggingface_url: str = _setting("https://huggingface.co", example="http://127.0.0.1:9000", words="base of the daily papers API")
    arxiv_api_url: str = _setting("https://export.arxiv.org/api/query", example="http://127.0.0.1:9000/query", words="arXiv's query API")
    arxiv_feed_url: str = _setting("https://rss.arxiv.org/atom", example="http://127.0.0.1:9000/atom", words="arXiv's announcement feeds")
    arxiv_oai_url: str = _setting("https://oaipmh.arxiv.org/oai", example="http://127.0.0.1:9000/oai", words="arXiv's OAI-PMH")
    on_unknown: Literal["resend", "hold"] = _setting(
        "resend", example="hold", words="what happens to a mail whose fate a crash left unknown"
    )
    mail_accounts: Literal["wrong", "all"] = _setting(
        "wrong", example="all", words="of which waves `PAPERBOY_OPERATOR` gets the account: of those that do not add up, or of all"
    )
    feedback_id: Optional = _setting(None, example="digest:paperboy", words="Feedback-ID header, for Gmail's Postmaster Tools")
    trusted_proxies: List = _setting((), example="172.16.0.0/12", words="networks whose X-Forwarded-* headers count")
    refused_domains: OptionalPath = _setting(
        None, example="/etc/paperboy/disposable.txt", words="a file of domains, one a line, whose addresses cannot sign up"
    )
    proof_of_work: int = _setting(
        0, example="16", words="bits of work that a browser does before it signs up, 0 to 24; above 0, signing up needs script"
    )
    metrics_token: Optional = _secret(None, example="a long random word", words="opens /metrics, which answers 404 until it is set")
    host: str = _setting("127.0.0.1", example="0.0.0.0", words="address the web process listens on")  # noqa: S104 - an example
    port: int = _setting(8000, example="8000", words="port the web process listens on")
    workers: int = _setting(2, example="4", words="processes of one Celery worker")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = _setting("INFO", example="DEBUG", words="how much is logged")

    @field_validator("state_dir", "topics", "templates", "refused_domains", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else value

    @field_validator("secret_key", "trusted_proxies", mode="after")
    @classmethod
    def _no_empty(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(word for word in value if word)

    @field_validator("secret_key", mode="after")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty")
        if short := [key for key in value if len(key) < SHORTEST_KEY]:
            raise ValueError(f"holds a key of only {len(short[0])} letters; use {SHORTEST_KEY} or more")
        return value

    @field_validator("base_url", "huggingface_url", "arxiv_api_url", "arxiv_feed_url", "arxiv_oai_url", mode="after")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or re.search(r"[\s\x00-\x1f<>\"]", value):
            raise ValueError(f"{value!r} is not an http or https address")
        if parts.query or parts.fragment:
            raise ValueError(f"{value!r} carries a query or a fragment")
        return value.rstrip("/")

    @field_validator("sender", "reply_to", "operator", mode="after")
    @classmethod
    def _mail_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise ValueError("holds a line break or a control character")
        try:
            validate_email(value, check_deliverability=False, allow_display_name=True, test_environment=True)
        except EmailNotValidError as error:
            raise ValueError(f"{value!r} is no mail address: {error}") from error
        return value

    @field_validator("name", "postal_address", "feedback_id", mode="after")
    @classmethod
    def _one_line(cls, value: str | None) -> str | None:
        if value is not None and (re.search(r"[\x00-\x1f\x7f]", value) or not value.strip() or len(value) > LONGEST_LINE):
            raise ValueError(f"must be one line of 1 to {LONGEST_LINE} letters")
        return value

    @field_validator("accent", mode="after")
    @classmethod
    def _colour(cls, value: str) -> str:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
            raise ValueError(f"{value!r} is not a colour of the form #rrggbb")
        return value.lower()

    @field_validator("port", "workers", mode="after")
    @classmethod
    def _positive(cls, value: int) -> int:
        if not 0 < value <= LAST_PORT:
            raise ValueError(f"{value} is not between 1 and {LAST_PORT}")
        return value

    @field_validator("proof_of_work", mode="after")
    @classmethod
    def _bearable(cls, value: int) -> int:
        if not 0 <= value <= 24:  # noqa: PLR2004 - 2^24 hashes keep a phone busy for a minute
            raise ValueError(f"{value} is not between 0 and 24")
        return value

    @field_validator("database_url", mode="after")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not re.match(r"(postgres(ql)?(\+psycopg)?|sqlite)://", value):
            scheme = re.match(r"[a-z0-9+]+(?=://)", value)  # and no more of it: the rest may hold a password
            raise ValueError(f"starts with {scheme[0]!r}; only postgresql:// and sqlite:/// are known" if scheme else "is no database URL")
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", value)

    @field_validator("redis_url", mode="after")
    @classmethod
    def _known_broker(cls, value: str | None) -> str | None:
        if value and not re.match(r"rediss?://", value):
            raise ValueError("is no redis:// or rediss:// URL")
        return value

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @model_validator(mode="before")
    @classmethod
    def _defaults_in_state(cls, values: dict[str, Any]) -> dict[str, Any]:
        state = Path(values.get("state_dir") or ROOT / "state").expanduser().absolute()
        values = {key: value for key, value in values.items() if value != "" or key in {"sources", "mailers"}}
        values.setdefault("database_url", f"sqlite:///{state / 'paperboy.db'}")
        if not values.get("mailers"):
            values["mailers"] = f"maildir://{quote(str(state / 'maildir'))}"
        if str(values.get("port", "")).isdecimal():  # a try-out on another port: links must lead there
            values.setdefault("base_url", f"http://127.0.0.1:{values['port']}")
        return values

    @property
    def embedded(self) -> bool:
        """One process does everything, with no broker."""
        return self.redis_url is None


def load(environ: Mapping[str, str]) -> Settings:
    """Settings from `environ`: each `PAPERBOY_X`, or the file that `PAPERBOY_X_FILE` names.

    Raises SettingsError with a line a fault.
    """
    values, faults = _read(environ)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [_explain(str(fault["loc"][0]) if fault["loc"] else "", str(fault["msg"])) for fault in error.errors()]
        raise SettingsError(faults) from error
    if settings.env == "production":
        faults += _unfit_for_production(settings)
    if faults:
        raise SettingsError(faults)
    return settings


def _read(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    faults: list[str] = []
    for field in Settings.model_fields:
        variable = PREFIX + field.upper()
        file = environ.get(f"{variable}_FILE")
        # A compose file hands over the variables it knows, empty ones too; they must not hide the file.
        if variable in environ and (environ[variable].strip() or not file):
            values[field] = environ[variable].strip()
        elif file:
            try:
                values[field] = Path(file).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{variable}_FILE cannot be read: {error}. Example: {variable}_FILE=/run/secrets/{field}")
    return values, faults


def _explain(field: str, message: str) -> str:
    example = (Settings.model_fields[field].examples or [""])[0]
    message = message.removeprefix("Value error, ").rstrip(".")
    return f"{PREFIX}{field.upper()}: {message}. Example: {PREFIX}{field.upper()}={example!r}"


def _unfit_for_production(settings: Settings) -> list[str]:
    faults = []
    if DEVELOPMENT_KEY in settings.secret_key:
        faults.append(_explain("secret_key", "is missing or the one for development; make one with: openssl rand -hex 32"))
    if not settings.base_url.startswith("https://"):
        faults.append(_explain("base_url", f"{settings.base_url!r} is not https, and links in mails carry tokens"))
    if not settings.postal_address:
        faults.append(_explain("postal_address", "is missing; mail to subscribers must carry one"))
    if settings.sender.endswith("localhost.localdomain>"):
        faults.append(_explain("sender", "is missing; readers must see who writes"))
    return faults
