"""What RFC 4287 says of a feed, as far as ours could break it."""

import re
from collections import Counter
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
KNOWN = {"feed": {"title", "id", "link", "updated", "author", "entry"}}
KNOWN["entry"] = {"title", "id", "link", "updated", "author", "summary", "content"}
_IRI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")  # RFC 3339, section 5.6


def faults(xml: str) -> list[str]:
    """What is wrong with a feed; nothing, as a rule. Raises ParseError for what is no XML."""
    feed = ElementTree.fromstring(xml.encode())
    found = [] if feed.tag == f"{ATOM}feed" else [f"the root is {feed.tag}"]
    found += _common(feed, "feed")
    if not [link for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]:
        found.append("feed: no link to itself (4.1.1)")
    entries = feed.findall(f"{ATOM}entry")
    found += [fault for entry in entries for fault in _entry(entry, has_author=feed.find(f"{ATOM}author") is not None)]
    ids = Counter(entry.findtext(f"{ATOM}id") for entry in entries)
    return found + [f"{one} stands for {count} entries (4.2.6)" for one, count in ids.items() if count > 1]


def _entry(entry: Element, *, has_author: bool) -> list[str]:
    found = _common(entry, "entry")
    alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
    if entry.find(f"{ATOM}content") is None and not alternates:
        found.append("entry: neither content nor an alternate link (4.1.2)")
    if len({(link.get("type"), link.get("hreflang")) for link in alternates}) < len(alternates):
        found.append("entry: two alternate links of a kind (4.1.2)")
    if not has_author and entry.find(f"{ATOM}author") is None:
        found.append("entry: nobody wrote it (4.1.2)")
    return found


def _common(element: Element, kind: str) -> list[str]:
    children = Counter(child.tag.removeprefix(ATOM) for child in element)
    found = [f"{kind}: {name} {children[name]} times" for name in ("title", "id", "updated") if children[name] != 1]
    found += [f"{kind}: {name} is none of Atom's" for name in children if name not in KNOWN[kind]]
    if not _IRI.fullmatch(element.findtext(f"{ATOM}id") or ""):
        found.append(f"{kind}: the id is no IRI: {element.findtext(f'{ATOM}id')!r}")
    if not _MOMENT.fullmatch(element.findtext(f"{ATOM}updated") or ""):
        found.append(f"{kind}: updated is no moment of RFC 3339: {element.findtext(f'{ATOM}updated')!r}")
    found += [
        f"{kind}: a link that is no IRI: {link.get('href')!r}"
        for link in element.findall(f"{ATOM}link")
        if not _IRI.fullmatch(link.get("href") or "")
    ]
    found += [f"{kind}: an author without a name" for author in element.findall(f"{ATOM}author") if not author.findtext(f"{ATOM}name")]
    return found
