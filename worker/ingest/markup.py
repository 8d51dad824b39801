"""HTML reduced to its words. Keeps no tag, and takes no longer for hostile text than for kind."""

import re
from html import unescape

LONGEST = 100_000  # letters of HTML that are looked at

# Possessive, and never past the next "<": linear in the text, whatever it is.
_TAG = re.compile(r"</?([a-z][a-z0-9:-]*+)(?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+>|<[!?][^<>]*+>", re.IGNORECASE)
_END_OF_CODE = re.compile(r"</(?:script|style)\s*+>", re.IGNORECASE)
_BREAKS = re.compile(
    r"p|br|div|li|ul|ol|tr|t[dh]|table|h[1-6r]|blockquote|pre|section|article|d[dt]|figure|figcaption|html|head|body|script|style"
    r"|jats:.*"  # what publishers' feeds write abstracts in
)
_MARKS = re.compile(
    r"a|abbr|acronym|address|audio|b|bd[io]|big|button|center|cite|code|data|del|details|dfn|dl|em|font|footer|form|header|i|iframe|img"
    r"|input|ins|kbd|label|link|main|mark|math|meta|nav|noscript|object|picture|q|s|samp|small|source|span|strike|strong|su[bp]|summary"
    r"|svg|t(body|head|ime|itle|t)|template|u|var|video|wbr"
)


def plain(html: str) -> str:
    """The words of an HTML fragment; what looks like a tag and is none ("n<m") stays.

    One pass: `html.parser` takes minutes over 60 KB of "<a " (measured), and a feed may hold a thousand such entries.
    """
    if "<" not in html and "&" not in html:
        return html
    html = html[:LONGEST]
    words: list[str] = []
    at = 0
    while (start := html.find("<", at)) >= 0:
        words.append(html[at:start])
        shown, at = _past_markup(html, start)
        words.append(shown)
    words.append(html[at:])
    return unescape("".join(words))


def _past_markup(html: str, start: int) -> tuple[str, int]:
    """What to show for the markup at `start`, and where to read on."""
    if html.startswith("<!--", start):
        end = html.find("-->", start)
        return " ", end + 3 if end >= 0 else len(html)
    found = _TAG.match(html, start)
    name = found[1].lower() if found and found[1] else ""
    if not found or (name and not (_MARKS.fullmatch(name) or _BREAKS.fullmatch(name))):
        return "<", start + 1
    if name in {"script", "style"} and html[start + 1] != "/":
        end_tag = _END_OF_CODE.search(html, found.end())
        return " ", end_tag.end() if end_tag else len(html)
    return "" if _MARKS.fullmatch(name) else " ", found.end()
