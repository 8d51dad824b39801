"""The press: everything that leaves as mail is composed here, the same for one reader and a million."""

from collections.abc import Mapping

from config.settings import Settings
from config.templating import environment
from worker.ingest.papers import Paper
from worker.pick.choices import Selection
from worker.render.addressee import Addressee
from worker.render.digests import Digests
from worker.render.house import house_of
from worker.render.inlining import Inliner
from worker.render.letterhead import Letterhead
from worker.render.letters import Letter, LetterKind
from worker.render.message import Message
from worker.render.notices import Notice, Notices
from worker.render.pieces import piece
from worker.render.plain import wrapped
from worker.render.stationery import Stationery


class Press:
    """Made once a process: it inlines every template at start (about half a second) and keeps the cards it makes.

    Raises BadAddress for a sender that cannot be written, and jinja2.TemplateError for a template that cannot be inlined.
    """

    def __init__(self, settings: Settings) -> None:
        house = house_of(settings)
        templates = environment(settings.templates, {"wrap": wrapped, "hang": _hanging})
        inliner = Inliner(templates, house)
        self._letterhead = Letterhead(settings)
        self._digests = Digests(Stationery(templates, inliner), self._letterhead)
        self._notices = Notices(templates, inliner, self._letterhead)
        self._letters_html = {kind: inliner.whole(f"email/{kind}/body.html") for kind in LetterKind}
        globals_ = {"house": house}
        self._letters_text = {kind: templates.get_template(f"email/{kind}/body.txt", globals=globals_) for kind in LetterKind}
        self._letters_subject = {kind: templates.get_template(f"email/{kind}/subject.txt", globals=globals_) for kind in LetterKind}

    def digest(self, selection: Selection, papers: Mapping[int, Paper], to: Addressee, note: str = "") -> Message:
        """One reader's digest, under 90 KB: what does not fit is counted and linked. `note` is the edition's, by the operator.

        Raises NothingToShow when none of the selection's papers is in `papers`, BadAddress when the recipient cannot be written.
        """
        return self._digests.compose(selection, papers, to, note)

    def letter(self, letter: Letter, to: Addressee) -> Message:
        """A letter, asked for by the one who gets it. Raises BadAddress when the recipient cannot be written."""
        context = {"letter": letter, "preferences": to.urls.preferences, "address": to.address}
        subject = " ".join(self._letters_subject[letter.kind].render(context).split())
        text = self._letters_text[letter.kind].render(context)
        opening = " ".join(text.partition("\n\n")[0].split())
        html = self._letters_html[letter.kind].render(context, subject=subject, preheader=opening)
        return self._letterhead.message(to, subject, [piece(text)], [piece(html)], leave="")

    def notice(self, notice: Notice, to: Addressee) -> Message:
        """A notice to many, which hence says how to leave. Raises BadAddress when the recipient cannot be written."""
        return self._notices.compose(notice, to)


def _hanging(text: str, indent: int) -> str:
    """Wrapped to stand after something of `indent` columns."""
    return wrapped(text, indent)[indent:]
