"""What the operator tells many: Markdown, rendered once a notice and poured a reader (law 6)."""

from dataclasses import dataclass

from jinja2 import Environment
from markupsafe import Markup

from worker.render import markdown
from worker.render.addressee import Addressee
from worker.render.inlining import Inliner
from worker.render.kept import Kept
from worker.render.letterhead import Letterhead
from worker.render.message import Message
from worker.render.moulds import Moulds, hole
from worker.render.plain import clean, fit
from worker.render.stationery import both, of_url

SUBJECT = 150  # letters
_FOLDER = "email/notice"
_SHELL, _WORDS = f"{_FOLDER}/body.html", f"{_FOLDER}/words.html"
_KEPT = 16  # notices under way at once
_HOLES = ("address", "preferences", "leave")


class NoticeError(ValueError):
    """Words that cannot go out as a notice; a line each, with the remedy."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice, checked."""

    subject: str
    words: str  # Markdown, without the heading that became the subject


def notice(source: str, subject: str = "") -> Notice:
    """The notice in a Markdown text; its first heading is the subject, unless `subject` says otherwise. Raises NoticeError."""
    lines = fit(source.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    blocks, faults = markdown.tokens("\n".join(lines))
    headed = next((place for place, block in enumerate(blocks) if block.type == "heading_open"), None)
    if not subject and headed is None:
        faults.append("no heading, hence no subject; begin with a line such as `# We move on Friday`, or give --subject")
    elif not subject and headed is not None:
        subject = markdown.words(blocks[headed + 1])
        first, end = blocks[headed].map or (0, 0)
        if headed == 0:  # it stands above the notice anyway
            del lines[first:end]
    words = "\n".join(lines).strip("\n").rstrip()
    if not words.strip():
        faults.append("nothing is said under the heading; write what there is to say")
    if len(clean(subject, SUBJECT + 1)) > SUBJECT:
        faults.append(f"the subject has more than {SUBJECT} letters; shorten it, or give a shorter one with --subject")
    if faults:
        raise NoticeError("\n".join(faults))
    return Notice(clean(subject, SUBJECT), words)


class Notices:
    """Composes notices. One object a process."""

    def __init__(self, templates: Environment, inliner: Inliner, letterhead: Letterhead) -> None:
        self._letterhead = letterhead
        self._shell = inliner.whole(_SHELL)
        self._text = templates.get_template(f"{_FOLDER}/body.txt", globals={"house": inliner.house})
        self._styles = markdown.styles_of(inliner.parts(_SHELL, [_WORDS])[_WORDS].render())
        self._made: Kept[Notice, Moulds] = Kept(_KEPT)

    def compose(self, notice: Notice, to: Addressee) -> Message:
        """The message of `notice`. Raises BadAddress when the recipient cannot be written."""
        moulds = self._made.get(notice) or self._made.keep(notice, self._mould(notice))
        filling = (both(to.address, to.address), of_url(to.urls.preferences), of_url(to.urls.leave))  # in the order of _HOLES
        html = moulds.html.pour(tuple(pair.html for pair in filling))
        text = moulds.text.pour(tuple(pair.text for pair in filling))
        return self._letterhead.message(to, notice.subject, text, html, leave=to.urls.leave)

    def _mould(self, notice: Notice) -> Moulds:
        blocks, _ = markdown.tokens(notice.words)
        text = markdown.text(blocks)
        holes = {name: hole(name) for name in _HOLES}
        opening = clean(next((markdown.words(block) for block in blocks if block.type == "inline"), ""), SUBJECT)
        content = Markup(markdown.html(blocks, self._styles))  # noqa: S704 - every word of it was escaped
        html = self._shell.render(content=content, subject=notice.subject, preheader=opening, **holes)
        return Moulds.of(html, self._text.render(content=text, **holes), _HOLES)
