r"""Simple TeX as Unicode: `2\%`, `$\alpha$`, `$10^{-3}$`, `\textbf{…}`. Loses no word: what it does not understand stays.

Names of symbols are pylatexenc's; its parser is not used, since it takes "$5 and $10" for mathematics and `50% of` for a comment.
"""

import re
import unicodedata
from functools import cache

from pylatexenc.latex2text import get_default_latex_context_db

_ANY = re.compile(r"[\\${}~^]|``|--|\d(?:times|\s?pm)\b")
# As pandoc does: no blank inside either dollar, and no digit after the second unless TeX stands between. Prices stay prices.
_MATHS = re.compile(r"(?<!\\)\$\$?(?!\s)((?:[^$\\\n]|\\.){1,300}?)(?<![\s\\])\$\$?|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]")
_NAMES = (
    "textbf|textit|textsc|texttt|textrm|textsf|textsl|textup|textnormal|text|emph|underline|uline|mbox|hbox|url|path|ensuremath|operatorname\\*?"
    "|mathrm|mathbf|mathit|mathsf|mathtt|mathcal|mathscr|mathfrak|mathbb|boldsymbol|bm|num|mathop|textcolor\\{\\w+\\}|footnotesize|small"
)
_STYLED = re.compile(rf"\\(?:{_NAMES})\s*\{{([^{{}}]*)\}}")
_LETTER = re.compile(r"\\(?:math[a-z]+|boldsymbol|bm)\s+([A-Za-z])(?![A-Za-z])")
_SWITCH = re.compile(r"\{\\(?:bf|em|it|tt|sc|rm|sf|bfseries|itshape|scshape|ttfamily)\b\s*([^{}]*)\}")
_BLACKBOARD = re.compile(r"\\mathbb\s*\{?([CHNPQRZ])\b\}?")
_DROPPED = re.compile(
    r"[\s~]?\\(?:cite[a-z]*|ref|label|eqref|footnote(?:mark)?)\*?(?:\[[^\]]*\])?\{[^{}]*\}|\\(?:begin|end)\{\w+\*?\}|\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits)(?![a-zA-Z])"
)
_HREF = re.compile(r"\\href\s*\{[^{}]*\}\s*\{([^{}]*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_ACCENT = re.compile(
    r"""\\(?:(["'`^~=.])\s*|([cvuHrdbk])(?:\s+|(?=\{))|(hat|bar|tilde|vec|dot|ddot|overline|widehat|widetilde)(?:\s+|(?=\{)))(?:\{(\\?[A-Za-z])\}|(\\?[A-Za-z])(?![{}]))"""
)
_ACCENTED = re.compile(r"\\(?:hat|bar|tilde|vec|dot|ddot|overline|widehat|widetilde)\s*\{([^{}\\]*)\}")
_COMBINING = "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u030a\u0323\u0331\u0328"
_OVER = dict(zip("\"'`^~=.cvuHrdbk", _COMBINING, strict=True)) | {
    "hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308",
    "overline": "\u0304", "widehat": "\u0302", "widetilde": "\u0303",
}  # fmt: skip
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]{1,20})\}|([^\s{}\\(]))")
_BARE_SCRIPT = re.compile(r"(?<=[\w)\]])(?:([\^])(?:\{([^{}]{1,12})\}|(-?\d+))|(_)\{([^{}]{1,12})\}())")
_RAISED = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW'∘⊤*",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ′°ᵀ*",
        strict=True,
    )
)
_LOWERED = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_COMMAND = re.compile(r"\\([A-Za-z]+)(?:\{\})?")
_COMMAND_IN_WORDS = re.compile(r"(?<![:/\\])\\([A-Za-z]+)(?:\{\})?")  # not the backslashes of a path
_THOUSANDS = re.compile(r"(?<=\d)\{,\}(?=\d)")
_SPACING = re.compile(r"\\[,;: ]|\\\\(?=\s)|\\q?quad(?![a-zA-Z])|\\(?=\s)")
_ESCAPED = re.compile(r"\\([%$&#_{}|-])")
_PROTECTED = re.compile(r"\{([\w+*./-]+)\}")
_TIE = re.compile(r"(?<=[\w.,;:)\]])~(?=[^\s/~])(?!(?<=\d~)\d)")
_DASHES = (
    (re.compile(r"(?<=[\w)\]”\"'])---(?=[\w(\[“\"'])|(?<=\s)---(?=\s)"), "—"),
    (re.compile(r"(?<=[\w)\]])--(?=[\w(\[])|(?<=\s)--(?=\s)"), "–"),
)
_QUOTED = re.compile(r"``(.+?)(?:''|\")")
# Pages copied as text lose backslashes: "5times higher", "96.00% pm 0.48%".
_BARE = ((re.compile(r"(?<=\d)times(?=[\s\d,.)])"), "×"), (re.compile(r"(?<=[\d%]) ?pm ?(?=\d)"), " ± "))
_NESTING = 6  # styles within styles; deeper ones stay as they are


def readable(text: str) -> str:
    """`text` with its simple TeX as Unicode; blanks are folded when there was any."""
    if not _ANY.search(text):
        return text
    text = _MATHS.sub(_maths, text)
    text = _unwrapped(text, _COMMAND_IN_WORDS)
    text = _TIE.sub(" ", text)
    text = _BARE_SCRIPT.sub(_bare_script, text)
    text = _QUOTED.sub(r"“\1”", text)
    for form, sign in (*_DASHES, *_BARE):
        text = form.sub(sign, text)
    text = _PROTECTED.sub(r"\1", text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _maths(found: re.Match[str]) -> str:
    """A formula in one line; what only looks like one stays."""
    text = next(group for group in found.groups() if group)
    if found.string[found.end() : found.end() + 1].isdigit() and not re.search(r"[\\^_{]", text):
        return found[0]
    text = _unwrapped(text.replace("\\!", ""), _COMMAND)
    for _ in range(_NESTING):
        text = _SCRIPT.sub(_script, text)
    return re.sub(r"[{}]", "", text).replace("~", " ")


def _unwrapped(text: str, command: re.Pattern[str]) -> str:
    """Without commands: styles leave their words, symbols become letters, unknown names lose their backslash."""
    text = _SPACING.sub(" ", _DROPPED.sub("", _THOUSANDS.sub(",", text)))
    text = _BLACKBOARD.sub(lambda found: "ℂℍℕℙℚℝℤ"["CHNPQRZ".index(found[1])], text)
    for _ in range(_NESTING):
        before = text
        text = _ACCENT.sub(_accented, _LETTER.sub(r"\1", _HREF.sub(r"\1", _STYLED.sub(r"\1", text))))
        text = _SWITCH.sub(r"\1", _ACCENTED.sub(r"\1", text))
        text = _ROOT.sub(lambda found: "√" + _grouped(found[1]), text)
        text = _FRACTION.sub(lambda found: f"{_grouped(found[1])}/{_grouped(found[2])}", text)
        if text == before:
            break
    return _ESCAPED.sub(r"\1", command.sub(_symbol, text))


def _symbol(found: re.Match[str]) -> str:
    joined = found.string[: found.start()][-1:].isalnum()
    if joined and found.re is _COMMAND_IN_WORDS and found[1] not in _symbols():
        return found[0]
    sign = _symbols().get(found[1], found[1])
    apart = len(sign) > 1 and joined
    return f" {sign}" if apart else sign


@cache
def _symbols() -> dict[str, str]:
    database = get_default_latex_context_db()
    signs = {spec.macroname: spec.simplify_repl for spec in database.iter_macro_specs()}
    return {
        name: sign for name, sign in signs.items() if isinstance(sign, str) and sign and "%" not in sign and not name.startswith("math")
    }


def _accented(found: re.Match[str]) -> str:
    letter = (found[4] or found[5]).lstrip("\\")
    return unicodedata.normalize("NFC", letter + _OVER[found[1] or found[2] or found[3]])


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"[\w.′']+", text) else f"({text})"


def _script(found: re.Match[str]) -> str:
    """An exponent or index in small letters where Unicode has them all, else with its sign and, if long, brackets."""
    inside = found[2] or found[3]
    small = _small(found[1], inside)
    if small:
        return small
    return ("" if found[1] == "^" and len(inside) == 1 and not inside.isalnum() else found[1]) + _grouped(inside)


def _bare_script(found: re.Match[str]) -> str:
    return _small(found[1] or found[4], found[2] or found[3] or found[5]) or found[0]


def _small(sign: str, inside: str) -> str:
    letters = _RAISED if sign == "^" else _LOWERED
    return "".join(letters[letter] for letter in inside) if all(letter in letters for letter in inside) else ""
