"""Any feed: RSS, Atom and RDF as the world writes them."""

from datetime import UTC, date, datetime

import pytest

from tests import playing as play
from tests.worker.ingest.sources.house import TODAY, House, Reading, recorded

NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
)


def rss(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0" {NAMESPACES}><channel><title>F</title>{"".join(items)}</channel></rss>'.encode()


def item(inner: str, title: str = "A Paper") -> str:
    return f"<item><title>{title}</title>{inner}</item>"


def read(house: House, content: bytes) -> Reading:
    house.server.answer("/feed.xml", play.body(content))
    return house.read(f"feed:{house.server.url}/feed.xml")


def test_rss_is_read_to_the_last_field(house: House) -> None:
    reading = read(
        house,
        rss(
            item(
                """<link>/papers/7?from=rss#top</link><guid isPermaLink="false">paper-7</guid>
                <dc:creator>Ada Lovelace</dc:creator><dc:creator>Alan Turing</dc:creator>
                <pubDate>Fri, 19 Jun 2026 22:00:00 -0400</pubDate>
                <description>short</description><content:encoded><![CDATA[<p>We show <b>it</b>:</p><p>n&lt;m</p>]]></content:encoded>
                <category>Machine Learning</category><category>cs.LG</category>""",
                title="A &lt;i&gt;new&lt;/i&gt; bound for n&lt;m",
            )
        ),
    )
    assert (reading.error, reading.skipped) == (None, {})
    (record,) = reading.records
    assert (record.source, record.external_id) == ("feed:127.0.0.1", "paper-7")
    assert (record.title, record.abstract) == ("A new bound for n<m", "We show it: n<m")
    assert record.authors == ("Ada Lovelace", "Alan Turing")
    assert record.url == f"{house.server.url}/papers/7?from=rss#top"
    assert (record.published_at, record.listed_on) == (datetime(2026, 6, 20, 2, tzinfo=UTC), date(2026, 6, 20))
    assert (record.categories, record.keywords) == (("cs.LG",), ("Machine Learning",))


def test_atom_is_read(house: House) -> None:
    reading = read(
        house,
        b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://journal.example/issue/"><entry>
        <id>tag:journal.example,2026:1</id><title type="html">On &lt;b&gt;bold&lt;/b&gt; claims</title><link href="1.html"/>
        <updated>2026-06-21T10:00:00Z</updated><author><name>Ada Lovelace</name></author><author><name>Alan Turing</name></author>
        <summary>Plain n &lt; m.</summary></entry></feed>""",
    )
    (record,) = reading.records
    assert (record.title, record.abstract) == ("On bold claims", "Plain n < m.")
    assert record.url == "https://journal.example/issue/1.html"
    assert record.authors == ("Ada Lovelace", "Alan Turing")
    assert record.listed_on == date(2026, 6, 21)


def test_rdf_of_the_first_kind_is_read(house: House) -> None:
    reading = read(
        house,
        b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><item rdf:about="https://journal.example/1"><title>One</title>
        <link>https://journal.example/1</link><dc:creator>Smith, J.; Roe, R.</dc:creator><dc:date>2026-06-20</dc:date></item></rdf:RDF>""",
    )
    (record,) = reading.records
    assert (record.title, record.url, record.authors) == ("One", "https://journal.example/1", ("J. Smith", "R. Roe"))


def test_arxivs_own_feed_is_known_for_what_it_is(house: House) -> None:
    reading = read(house, recorded("arxiv_feed/cs.AI_2025-08-20.xml").replace(b"cross", b"replace", 1))
    assert len(reading.records) == 6  # the first of seven is now a replacement
    first = reading.records[0]
    assert (first.arxiv_id, first.categories) == ("2508.13428", ("cs.CV", "cs.AI", "cs.MM"))
    assert first.abstract.startswith("In this early study")
    assert first.authors == ("Hao Zhang", "Chen Li", "Basura Fernando")


@pytest.mark.parametrize(
    ("inner", "arxiv_id", "doi"),
    [
        ("<link>https://arxiv.org/abs/2606.18023v2</link>", "2606.18023", None),
        ("<link>https://huggingface.co/papers/2606.18023</link>", "2606.18023", None),
        ("<link>https://doi.org/10.48550/arXiv.2606.18023</link>", "2606.18023", None),
        ("<link>https://example.org/a</link><guid>oai:arXiv.org:2606.18023v1</guid>", "2606.18023", None),
        ("<link>https://example.org/p/2606.18023</link>", None, None),
        ("<link>https://doi.org/10.1145/3600006.3613165</link>", None, "10.1145/3600006.3613165"),
        ("<link>https://dl.acm.org/doi/abs/10.1145/3600006.3613165?af=R</link>", None, "10.1145/3600006.3613165"),
        ("<link>https://www.frontiersin.org/articles/10.3389/frai.2024.12345/full</link>", None, "10.3389/frai.2024.12345"),
        ("<link>https://www.biorxiv.org/content/10.1101/2024.01.01.574123v2?rss=1</link>", None, "10.1101/2024.01.01.574123"),
        ("<link>https://link.example/doi/10.1002%2Fabc.123/pdf</link>", None, "10.1002/abc.123"),
        ("<link>https://journal.example/1</link><prism:doi>10.1038/S41586-024-1</prism:doi>", None, "10.1038/s41586-024-1"),
        ("<link>https://journal.example/1</link><dc:identifier>doi:10.1038/s41586-024-1</dc:identifier>", None, "10.1038/s41586-024-1"),
    ],
)
def test_arxiv_ids_and_dois_are_known_by_their_links(house: House, inner: str, arxiv_id: str | None, doi: str | None) -> None:
    (record,) = read(house, rss(item(inner))).records
    assert (record.arxiv_id, record.doi) == (arxiv_id, doi)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../7", "{base}/7"),
        ("//journal.example/7", "http://journal.example/7"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("http://[::1", None),
        ("https://user:secret@journal.example/7", None),
        ("", None),
    ],
)
def test_links_are_made_absolute_and_lead_to_the_web_or_nowhere(house: House, given: str, kept: str | None) -> None:
    (record,) = read(house, rss(item(f"<link>{given}</link>"))).records
    assert record.url == (kept.format(base=house.server.url) if kept else None)


def test_entries_without_a_title_are_skipped_and_named(house: House) -> None:
    reading = read(
        house, rss("<item><guid>x-1</guid></item>", item("<guid>2</guid>"), item("<guid>x-3</guid>", title=" &lt;b&gt;&lt;/b&gt; "))
    )
    assert reading.ids == ["2"]
    assert set(reading.skipped.values()) == {"has no title"}
    assert "x-1" in reading.skipped


def test_a_future_entry_is_listed_today_and_one_without_a_date_too(house: House) -> None:
    reading = read(house, rss(item("<guid>1</guid><pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate>"), item("<guid>2</guid>")))
    assert [record.listed_on for record in reading.records] == [TODAY, TODAY]


def test_a_feed_that_is_broken_off_keeps_its_whole_entries(house: House) -> None:
    content = rss(*(item(f"<guid>{number}</guid>", title=f"Paper {number}") for number in range(9)))
    cut = content[: content.index(b"Paper 6")]
    house.server.choose("/feed.xml", play.conditional(cut, '"1"'))
    for _again in range(2):
        reading = house.read(f"feed:{house.server.url}/feed.xml")
        assert reading.ids[:6] == [str(number) for number in range(6)]
        assert "breaks off; the next run asks again" in (reading.error or "")
    assert "if-none-match" not in house.server.asked[1].headers


def test_a_feed_that_is_no_xml_is_read_as_far_as_it_can_be(house: House) -> None:
    reading = read(house, rss(item("<guid>1</guid><description>R&D &nbsp; caf\xe9 &bogus; <br></description>"), item("<guid>2</guid>")))
    assert reading.ids == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_are_read(house: House, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel>{item("", title="Café")}</channel></rss>'
    assert [record.title for record in read(house, text.encode(encoding)).records] == ["Café"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is nothing, not a feed"),
        (b"<!doctype html><html><body>", "is a web page (HTML), not a feed"),
        (b'{"items": []}', "is JSON, not a feed"),
        (b"%PDF-1.7", "is a PDF, not a feed"),
        (b"/etc/passwd", "is plain text, not a feed"),
        (b"file:///etc/passwd", "is plain text, not a feed"),
        (b"<svg/>", "is XML, not a feed"),
    ],
)
def test_what_is_no_feed_says_what_it_is(house: House, content: bytes, words: str) -> None:
    reading = read(house, content)
    assert reading.records == []
    assert words in (reading.error or "")


def test_an_empty_feed_is_no_failure(house: House) -> None:
    assert read(house, rss()).error is None


def test_a_large_feed_that_is_no_xml_is_not_guessed_at(house: House) -> None:
    assert "damaged XML" in (read(house, rss(item("<a/>" * 150_000))[:-20]).error or "")


def test_not_modified_gives_the_same_papers_again(house: House) -> None:
    house.server.choose("/feed.xml", play.conditional(rss(item("<guid>1</guid>")), '"1"'))
    word = f"feed:{house.server.url}/feed.xml"
    assert house.read(word).records == house.read(word).records != []


def test_links_are_relative_to_where_the_feed_came_from(house: House) -> None:
    house.server.answer("/feed.xml", play.redirect("/blog/new.xml"))
    house.server.answer("/blog/new.xml", play.body(rss(item("<link>7</link>"))))
    (record,) = house.read(f"feed:{house.server.url}/feed.xml").records
    assert record.url == f"{house.server.url}/blog/7"
