"""The demo on what sources list now: asked over HTTP, mailed at once, and honest about a source that is down."""

from pathlib import Path

import pytest

from tests import playing as play
from tests.playing import Playing, playing
from tests.worker.demo.played import Demo, played
from worker.demo.readers import DOZEN

WEDNESDAY = (Path(__file__).parents[2] / "data" / "ingest" / "huggingface" / "2026-06-17.json").read_bytes()
PATH = "/api/daily_papers"


def live(server: Playing, here: Path, *words: str, sources: str = "huggingface", **environ: str) -> Demo:
    urls = {"PAPERBOY_HUGGINGFACE_URL": server.url, "PAPERBOY_SOURCES": sources.replace("SERVER", server.url)}
    done = played("--live", "--out", "live", *words, cwd=here, **urls, **environ)
    return Demo(here / "live", done.stdout + done.stderr, done.returncode)


def test_real_sources_are_asked_and_everybody_is_mailed_at_once(tmp_path: Path) -> None:
    with playing() as server:
        server.answer(PATH, play.body(WEDNESDAY))
        demo = live(server, tmp_path)
    assert demo.code == 0, demo.said
    assert len(server.asked_for(PATH)) >= 7
    got = [mail.address for mail in demo.mails]
    assert len(got) == len(set(got)) > len(DOZEN) / 2
    assert len({mail.sent_at for mail in demo.mails}) <= 2
    assert "asking huggingface" in demo.said
    assert "0 of them again" in demo.said
    assert f"12 = {len(got)} mails + {12 - len(got)} spared" in demo.said
    assert demo.said.count("\n  no mail ") == 12 - len(got)
    assert "waves" not in demo.said
    page = (demo.folder / "index.html").read_text(encoding="utf-8")
    assert "What the sources list today" in page
    assert "sample page" not in page


def test_a_source_that_is_down_is_named_and_the_others_are_played(tmp_path: Path) -> None:
    with playing() as server:
        server.answer(PATH, play.body(WEDNESDAY))
        demo = live(server, tmp_path, "--subscribers", "2", sources="feed:SERVER/gone.xml huggingface")
    assert demo.code == 1
    assert "gone.xml: 0 papers, then it failed: 127.0.0.1" in demo.said
    assert "404" in demo.said
    assert len(demo.mails) == 2


def test_no_source_at_all_is_told_in_words(tmp_path: Path) -> None:
    with playing() as server:
        server.answer(PATH, play.status(403))
        demo = live(server, tmp_path)
    assert demo.code == 1
    assert "huggingface: 0 papers, then it failed" in demo.said
    assert demo.said.splitlines()[-1].startswith("paperboy: no source gave anything, so there is nothing to mail; look at the network")
    assert "Traceback" not in demo.said
    assert demo.mails == []


@pytest.mark.parametrize("sources", ["carrier-pigeon", "feed:ftp://example.org"])
def test_a_source_that_is_none_is_refused_before_anybody_is_asked(tmp_path: Path, sources: str) -> None:
    with playing() as server:
        demo = live(server, tmp_path, sources=f"huggingface {sources}")
    assert demo.code == 2
    assert f"PAPERBOY_SOURCES: '{sources}'" in demo.said
    assert server.asked == []
