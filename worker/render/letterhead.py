"""The headers of every mail: what the settings say once, and what a message adds."""

from collections.abc import Sequence

from config.settings import Settings
from worker.render.addressee import Addressee
from worker.render.headers import (
    date_header,
    fitting,
    link_header,
    mailbox,
    mailbox_header,
    message_id,
    raw_header,
    split_mailbox,
    text_header,
)
from worker.render.message import Message, Sign
from worker.render.pieces import Piece

# RFC 3834, section 5: nobody wrote this by hand, so no vacation notice shall answer it. True of letters too: none answers a mail.
_AUTO_SUBMITTED = raw_header("Auto-Submitted", "auto-generated")
_ONE_CLICK = raw_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")  # RFC 8058, section 3.1


class Letterhead:
    """From, Reply-To, List-Id and Feedback-ID are encoded, and keys read, once a process.

    Raises BadAddress for a sender that cannot be written, SettingsError for a key that cannot sign.
    """

    def __init__(self, settings: Settings) -> None:
        display, self._sender = split_mailbox(settings.sender)
        self._site = settings.base_url
        self._domain = self._sender.rpartition("@")[2]
        fixed = [mailbox_header("From", display or settings.name, self._sender)]
        if settings.reply_to:
            fixed.append(mailbox_header("Reply-To", *split_mailbox(settings.reply_to)))
        self._fixed = tuple(fixed)
        self._feedback = (text_header("Feedback-ID", settings.feedback_id),) if settings.feedback_id else ()
        # RFC 2919: a description, then the list's name in a domain that is ours.
        self._list = mailbox_header("List-Id", settings.name, f"digests.{self._domain}")
        self._sign = _sign_from(settings)

    def message(self, to: Addressee, subject: str, text: Sequence[Piece], html: Sequence[Piece], *, leave: str) -> Message:
        """The message of these bodies. With `leave`, it says that it comes from a list, and how to leave in one click.

        Raises BadAddress when the recipient cannot be written to in ASCII.
        """
        recipient = mailbox(to.address)
        once = f"{self._site} {to.occasion} {recipient}" + (to.sent_at.isoformat() if to.mark else "")
        identity = message_id(to.delivery_id, once, self._domain)
        headers = [
            *self._fixed,
            mailbox_header("To", fitting(to.name), recipient),
            text_header("Subject", f"{to.mark} {subject}" if to.mark else subject),
            date_header(to.sent_at),
            raw_header("Message-ID", identity),
        ]
        if leave:
            headers += [self._list, link_header("List-Unsubscribe", leave), _ONE_CLICK]
        headers += [_AUTO_SUBMITTED, *self._feedback]
        return Message(
            sender=self._sender,
            recipient=recipient,
            message_id=identity,
            headers=tuple(headers),
            text=tuple(text),
            html=tuple(html),
            sign=self._sign,
        )


def _sign_from(settings: Settings) -> Sign | None:
    if not settings.dkim:
        return None
    from worker.render.dkim import signer_from  # noqa: PLC0415 - who signs nothing shall not wait for cryptography

    return signer_from(settings).sign
