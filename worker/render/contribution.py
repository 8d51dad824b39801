"""What the authors did, in one or two sentences: the source's summary, or the abstract's own words. Never simply its opening.

The abstract's sentence is found by scored turns of phrase (tables below). Measured against sentences chosen by hand:
77 of 78 papers of the sample page, 66 of 66 of a week of June 2026, hard cases included (tests/worker/render/test_contribution.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from worker.render.sentences import sentences, shortened

LONGEST = 280  # letters; what a phone shows in about seven lines
_LONE = 120  # a sentence shorter than this takes its successor along when both fit
_EARLY = 0.12  # what each sentence further down costs: of two that say it, the first
_NAMED = 2.0  # what it adds to say the name that the title gives the work
_READ = 600  # letters of a sentence that are looked at: the forms are quadratic, and abstracts are foreign text
_LONGEST_ABSTRACT = 6_000  # letters; arXiv's limit is 1,920
_SHORT_NAME = 3  # words: "Swin Transformer: …" is a name, "A ConvNet for the 2020s: …" a phrase


@dataclass(frozen=True, slots=True)
class _Cue:
    """A turn of phrase, and how much it speaks for or against a sentence."""

    form: re.Pattern[str]
    weight: float


def _cue(weight: float, form: str) -> _Cue:
    return _Cue(re.compile(form, re.IGNORECASE), weight)


def _any(words: str) -> str:
    return f"(?:{'|'.join(words.split())})"


_PAPER = _any("paper work article study survey review report thesis tutorial research manuscript position")
_WE = rf"(?:\b(?:we|I|our team)\b|\b(?:this|our) (?:[\w-]+ )?{_PAPER}\b|\bthe (?:present )?{_PAPER}\b)"
# Between subject and verb: "we therefore", "this survey aims to", "we take a step back and", "we undertook the task of filling".
_WELL = (
    rf"(?:,? (?:\w+ly|{_any('then thus hence also instead here further next thereby therefore')}|(?:aims?|seeks?|attempts?|set out) to"
    r"|take (?:a|the) \w+ \w+(?:,| and)|\w+ the task of \w+ing))*,? "
)
_MAKE = (
    _any(
        "propos introduc present develop design devis releas buil[dt] creat construct formulat contribut unveil open-sourc curat establish"
        " formali[sz] instantiat"
    )
    + r"\w*"
)
_MAKE_MORE = r"(?:put forward|conduct(?:ed|ing)? an|argue (?:that|for))"
_GIVE = _any("describ report provid offer giv gave") + r"\w*"
_STUDY = (
    _any(
        "stud[iy] investigat analy[sz] explor examin re-?examin survey review revisit re-?think compar show demonstrat prov[ei] f[io]und?"
        " identif discover reveal address tackl challeng integrat combin train adapt extend appl[iy] unif[iy] enabl focus hypothesi[sz]"
        " deriv characteri[sz] lineari[sz] replac repurpos benchmark collect scal learn us leverag employ discuss evaluat ask trac treat"
        " outlin summari[sz] generali[sz] quantif measur simulat solv detect observ synthesi[sz] comput estimat determin bridg turn"
        " advocat conduct perform cast"
    )
    + r"\w*"
)
_CLAIM = (  # who does what; only the strongest counts
    _cue(4.0, rf"{_WE}{_WELL}(?:{_MAKE}|{_MAKE_MORE})\b"),
    _cue(
        4.0,
        rf"{_WE}\b.*\b(?:by|and|to|,) (?:(?:propos|introduc|present|develop|design|build)ing|propose|introduce|present|develop)\b",
    ),
    _cue(3.5, rf"\bin this {_PAPER}\b.*\b(?:is|are) (?:\w+ )?{_MAKE}\b"),
    _cue(3.2, rf"{_WE}{_WELL}{_GIVE}\b"),
    _cue(3.0, r"\bour (?:proposed )?(?:\w+ )?(?:solution|approach|method|framework)\b"),
    _cue(3.0, r"\bour (?:proposed|new|main|key|core|central) (?:\w+ )?(?:model|system|contributions?|benchmark|dataset|idea|insight)\b"),
    _cue(2.5, rf"{_WE}{_WELL}{_STUDY}\b"),
    _cue(2.0, rf"\b(?:is|are|was|were) (?:then |here |\w+ly )?(?:{_MAKE}|{_STUDY}|shown|obtained|carried out)\b"),
    _cue(1.5, rf"{_WE}\b"),
)
_OPENING = 2.0  # an opening that claims less is background
_FOR = (
    _cue(1.0, r"\b(?:named|called|dubbed|termed|coined|namely)\b"),
    _cue(0.5, r"\b(?:novel|first|unified|systematic|comprehensive|simple)\b"),
    _cue(1.0, rf"\b(?:in|with) this {_PAPER}\b|^(?:this|our) {_PAPER}\b|^here,? we\b"),
    _cue(0.8, rf"^to (?:this end|{_any('address overcome tackle bridge fill solve mitigate close remedy')})\b"),
    _cue(0.8, r"^(?:therefore|thus,|hence|motivated by|inspired by)\b"),
)
_THINGS = _any("codes? models? weights data datasets? checkpoints implementation page website demo")
_AGAINST = (
    _cue(-4.0, r"\bwe (?:hope|believe|expect|envision|plan|thank|refer)\b|\bpaves? the way\b"),
    _cue(-4.0, rf"^(?:\S+ ){{0,6}}{_THINGS}\b.{{0,60}}(?:https?:|\b(?:available|released|open-sourced|found at)\b)"),
    _cue(
        -4.0,
        r"\bwe (?:also |will |publicly )*(?:release|open-source|provide) (?:our|the|all|both)? ?(?:\w+,? (?:and )?){0,3}"
        r"(?:codes?|weights|checkpoints)\b(?! \w)",
    ),
    _cue(-3.0, r"^(?:\w+ly,? |\w+ )?(?:experiment|evaluation|result|ablation|benchmark result|simulation)\w*\b"),
    _cue(-2.5, rf"^(?:in addition|for (?:example|instance)|to {_any('validate evaluate verify')})\b"),
    _cue(-2.5, rf"^{_any('furthermore moreover additionally finally lastly also subsequently notably remarkably second third')}\b"),
    _cue(
        -2.0,
        r"\b(?:extensive|comprehensive|empirical|numerical)(?: \w+)? (?:experiments?|evaluations?|results?)\b|\bwe (?:also )?evaluate\b",
    ),
    _cue(-2.0, r"\b(?:two|three|four|five|several|following) (?:\w+ )?(?:findings|contributions|questions|insights)\b"),
    _cue(-1.5, r"^(?:surprisingly|interestingly|importantly|crucially|strikingly|as a proof)\b"),
    _cue(-1.5, r"\b(?:outperforms?|surpass\w*|state-of-the-art (?:results|performance)|achieves? (?:an?|up to)?\b.{0,30}\d)"),
    _cue(-1.5, r"\bfuture (?:work|research|directions?|studies)\b"),
    _cue(
        -1.2,
        r"^(?:more )?(?:specifically|concretely|further|overall|together)\b|^(?:in particular|based on|building on|built|as a result)\b",
    ),
    _cue(-1.0, r"\d ?(?:%|×|x\b|times\b|points?\b|AP\b|mIoU\b)|\b(?:top-1|accuracy of)\b"),
    _cue(-1.0, r"^.{1,69}$"),
    _cue(-0.6, r"^(?:first|next|then)\b"),
)
_SELF = re.compile(rf"{_WE}|\bour\b", re.IGNORECASE)
_WORKS = _any("work works studies methods approaches research researchers efforts models literature")
_OTHERS = (  # what others did; counts where the authors do not speak of themselves
    _cue(
        -3.0,
        rf"\b{_any('recent existing previous prior many several most other earlier past current')} (?:\w+[ -])*{_WORKS}\b"
        rf".{{0,60}}\b{_any('have has propos introduc focus stud show rel[iy]')}",
    ),
    _cue(-3.0, r"\b(?:has|have) (?:also |recently |\w+ly )?been\b|\bet al\.,? (?:propos|introduc|show|present)"),
)
_IS = re.compile(r"(?: \([^)]*\))?,? (?:is|are) (?:an?|the)\b")
_COINED = re.compile(r"[a-z][A-Z]|\d|[A-Z]{2}")


@lru_cache(2_048)  # pages and mails ask for the same papers over and over; it costs a millisecond and a half
def contribution(abstract: str, title: str) -> str:
    """What the paper of this abstract contributes, in its own words, LONGEST letters at most; empty without an abstract."""
    found = sentences(abstract[:_LONGEST_ABSTRACT])
    if not found:
        return ""
    at = naming_sentence(found, title)
    both = " ".join(found[at : at + 2])
    return both if len(found[at]) < _LONE and len(both) <= LONGEST else shortened(found[at], LONGEST)


def naming_sentence(found: Sequence[str], title: str) -> int:
    """Index of the first of an abstract's sentences that names the contribution; the opening only when its words claim it."""
    name = _name(title)
    scores = [_score(sentence[:_READ], name) - _EARLY * at for at, sentence in enumerate(found)]
    if not _defines(found[0], name) and _score(found[0][:_READ], None) < _OPENING:
        scores[0] = min(scores) - 1
    return scores.index(max(scores))


def _score(sentence: str, name: re.Pattern[str] | None) -> float:
    claim = max((cue.weight for cue in _CLAIM if cue.form.search(sentence)), default=0.0)
    cues = (*_FOR, *_AGAINST) if _SELF.search(sentence) else (*_FOR, *_AGAINST, *_OTHERS)
    rest = sum(cue.weight for cue in cues if cue.form.search(sentence))
    if _defines(sentence, name):
        claim = _CLAIM[0].weight
    return claim + rest + (_NAMED if name and name.search(sentence) else 0.0)


def _defines(sentence: str, name: re.Pattern[str] | None) -> bool:
    """Whether it says what the named work is: "LoopCoder-v2 is a …", but not "Transformers are a …", which is background."""
    found = name.match(sentence) if name else None
    return bool(found and _COINED.search(found[0]) and _IS.match(sentence, found.end()))


def _name(title: str) -> re.Pattern[str] | None:
    """How the authors call their work: what stands before the title's colon, when that is short enough to be a name."""
    head, colon, _ = title.partition(":")
    if not colon or len(head.split()) > _SHORT_NAME:
        return None
    return re.compile(rf"(?<!\w){re.escape(head.strip())}(?!\w)", re.IGNORECASE)
