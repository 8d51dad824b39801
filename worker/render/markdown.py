"""The operator's Markdown (CommonMark) as both bodies of a mail. No raw HTML, no image, links http(s) and mailto only.

The look comes from a template that premailer inlined once: an element of each kind, whose class and style every element made here takes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import escape

from worker.render.plain import columns, link, wrapped

Attributes = Mapping[str, str]
Styles = Mapping[str, Attributes]  # tag -> its attributes

_MAILTO = re.compile(r"mailto:[A-Za-z0-9.!#$&'*+/=?^_`{|}~%-]+@[A-Za-z0-9.-]+(\?[!-~]*)?")
# The mail's own headings are above: its name, and the notice's title.
_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_READ = frozenset({"p", "h3", "h4", "li", "blockquote"})  # each finds its own direction


def tokens(source: str) -> tuple[list[Token], list[str]]:
    """The blocks of `source`, and what in it has no place in a mail, in words."""
    refused: list[str] = []
    parser = MarkdownIt("commonmark", {"html": False})
    parser.validateLink = _noting(refused)  # type: ignore[method-assign,assignment]  # the way the library offers
    found = parser.parse(source)
    faults = [f"the link {url!r} leads nowhere from a mail; write it whole, with https:// or mailto:" for url in dict.fromkeys(refused)]
    for block in found:
        for token in block.children or ():
            if token.type == "image":
                faults.append(f"{_place(block)}: an image; mails fetch none, so link to it instead")
            elif token.type == "link_open":
                token.attrs["href"] = target(str(token.attrs["href"]))
    return found, faults


def target(url: str) -> str:
    """Where a link may lead, as it may stand in an href; empty if it may not."""
    return url if _MAILTO.fullmatch(url) else link(url)


def html(blocks: Sequence[Token], styles: Styles) -> str:
    """The blocks as the HTML part shows them. Every word is escaped."""
    renderer = MarkdownIt("commonmark", {"html": False})
    for token in _all(blocks):
        token.tag = _HEADINGS.get(token.tag, token.tag)
        if token.nesting >= 0 and token.tag:
            token.attrs |= styles.get(token.tag, {})
            if token.tag in _READ:
                token.attrs["dir"] = "auto"
    pre = " ".join(f'{name}="{escape(value)}"' for name, value in styles.get("pre", {}).items())
    renderer.add_render_rule("fence", lambda _self, found, index, _options, _env: _code(found[index], pre))
    renderer.add_render_rule("code_block", lambda _self, found, index, _options, _env: _code(found[index], pre))
    made: str = renderer.renderer.render(blocks, renderer.options, {})
    return made


def text(blocks: Sequence[Token]) -> str:
    """The blocks as the text part says them; links follow, numbered."""
    links: list[str] = []
    said = "\n\n".join(_blocks(SyntaxTreeNode(blocks), 0, links))
    addresses = "\n".join(f"[{number}] {url.removeprefix('mailto:')}" for number, url in enumerate(links, 1))
    return "\n\n".join(filter(None, (said, addresses)))


def words(block: Token) -> str:
    """What the inline text of a heading or a paragraph says, on one line."""
    return " ".join(_words(SyntaxTreeNode([block]).children[0], None).split())


def styles_of(markup: str) -> Styles:
    """Class and style of each element in `markup`, by tag."""
    reader = _Reader()
    reader.feed(markup)
    return reader.found


def _noting(refused: list[str]) -> Callable[[str], bool]:
    """Whether a link may stand; one that may not is noted."""

    def may_stand(url: str) -> bool:
        if not target(url):
            refused.append(url)
        return bool(target(url))

    return may_stand


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Attributes] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = {name: value or "" for name, value in attrs if name in {"class", "style"}}


def _all(blocks: Sequence[Token]) -> Iterator[Token]:
    for block in blocks:
        yield block
        yield from block.children or ()


def _place(block: Token) -> str:
    return f"line {block.map[0] + 1}" if block.map else "somewhere"


def _code(token: Token, attributes: str) -> str:
    return f"<pre {attributes}>{escape(token.content)}</pre>\n"


def _blocks(node: SyntaxTreeNode, indent: int, links: list[str]) -> Iterator[str]:
    for child in node.children:
        match child.type:
            case "heading":
                title = wrapped(_words(child, links), indent)
                yield f"{title}\n{' ' * indent}{'-' * (columns(title.splitlines()[-1]) - indent)}" if title else ""
            case "paragraph":
                yield "\n".join(wrapped(line, indent) for line in _words(child, links).split("\n"))
            case "bullet_list" | "ordered_list":
                yield _list(child, indent, links)
            case "blockquote":
                quoted = "\n\n".join(_blocks(child, indent + 2, links))
                yield "\n".join(f"{' ' * indent}> {line[indent + 2 :]}".rstrip() for line in quoted.splitlines())
            case "fence" | "code_block":
                yield "\n".join(f"{' ' * (indent + 4)}{line}".rstrip() for line in child.content.splitlines())
            case "hr":
                yield " " * indent + "* * *"


def _list(node: SyntaxTreeNode, indent: int, links: list[str]) -> str:
    first = int(node.attrs.get("start", 1))
    marks = [f"{first + place}. " if node.type == "ordered_list" else "- " for place in range(len(node.children))]
    items = []
    for mark, item in zip(marks, node.children, strict=True):
        said = "\n\n".join(_blocks(item, indent + len(mark), links))
        items.append(" " * indent + mark + said[indent + len(mark) :])
    return "\n".join(items)


def _words(node: SyntaxTreeNode, links: list[str] | None) -> str:
    """What a heading or a paragraph says; its forced breaks are line feeds."""
    return "".join(_said(child, links) for child in node.children)


def _said(node: SyntaxTreeNode, links: list[str] | None) -> str:
    match node.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "text" | "code_inline":
            return node.content
    said = _words(node, links)
    if node.type != "link" or links is None:
        return said
    url = str(node.attrs["href"])
    if said == url.removeprefix("mailto:"):
        return said
    if url not in links:
        links.append(url)
    return f"{said} [{links.index(url) + 1}]"
