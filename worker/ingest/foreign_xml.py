"""XML from elsewhere, element by element. Refuses document types and entities whole (defusedxml), so nothing is expanded or fetched."""

import re
from collections.abc import Collection, Iterator
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from worker.ingest.foreign import Unfit, kind

# What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets), and abstracts pasted from PDFs do.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(x[0-9a-fA-F]{1,8}|[0-9]{1,8});")
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")


def elements(body: bytes, *names: str, root: Collection[str] = ()) -> Iterator[Element]:
    """The elements with these local names, each as soon as it is complete, inner ones first.

    Raises Unfit where the document breaks off, or is none, or when `root` is given and its outermost element is none of these; what was
    yielded before stands.
    """
    if kind(body) in {"nothing", "a web page (HTML)", "JSON"}:
        raise Unfit(f"is {kind(body)}, not XML")
    begun = False
    try:
        for event, element in defusedxml.ElementTree.iterparse(BytesIO(_mended(body)), events=("start", "end"), forbid_dtd=True):
            if not begun and root and local(element) not in root:
                raise Unfit(f"is XML, but no {' or '.join(root)}")
            begun = True
            if event == "end" and local(element) in names:
                yield element
    except DefusedXmlException:
        raise Unfit("declares a document type or entities, which no feed needs") from None
    except ParseError as error:
        raise Unfit(f"is damaged XML: {error}") from None
    except (LookupError, ValueError) as error:  # an encoding that does not exist, or is none of text
        raise Unfit(f"is XML in an encoding that cannot be read: {error}") from None


def local(element: Element) -> str:
    """The element's name without its namespace: mirrors and old versions use other namespaces for the same words."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, name: str) -> list[Element]:
    """The direct children of that local name."""
    return [child for child in element if local(child) == name]


def text(element: Element, name: str) -> str:
    """All text inside the first child of that local name, or nothing."""
    for child in children(element, name):
        return "".join(child.itertext())
    return ""


def texts(element: Element, name: str) -> tuple[str, ...]:
    """The text of each child of that local name."""
    return tuple("".join(child.itertext()) for child in children(element, name))


def _mended(body: bytes) -> bytes:
    """UTF-8 without the bytes and letters that XML cannot hold: one of them would cost the rest of the page."""
    declared = _DECLARED.match(body.lstrip(b"\xef\xbb\xbf"))
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) or (declared and declared[1].lower() not in {b"utf-8", b"utf8", b"us-ascii"}):
        return body
    mended = _ILLEGAL.sub("\ufffd", body.decode("utf-8", errors="replace"))
    return _REFERENCE.sub(_legal, mended).encode()


def _legal(found: re.Match[str]) -> str:
    digits = found[1]
    number = int(digits[1:], 16) if digits.startswith("x") else int(digits)
    legal = number in {9, 10, 13} or 0x20 <= number <= 0xD7FF or 0xE000 <= number <= 0xFFFD or 0x10000 <= number <= 0x10FFFF  # noqa: PLR2004 - W3C's ranges
    return found[0] if legal else "\ufffd"
