import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.clock import SetClock
from config.database import Database
from config.runtime import Runtime
from config.settings import load
from tests.subscribers.web.visitor import Page, Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.pick import editions


@pytest.fixture
def listed(world: World) -> World:
    """A closed day of five papers, and one under way with as many."""
    for day in (16, 17):
        world.clock.move_to(world.at(day, 20))
        world.list_papers(5)
    with world.database.transaction() as session:
        editions.close_ended(session, world.clock.now())
    return world


def post(visitor: Visitor, body: object) -> Page:
    return visitor.send("POST", "/api/v1/preview", json=body)


def test_topics_are_listed_with_what_they_bring(visitor: Visitor, world: World) -> None:
    assert visitor.open("/api/v1/topics").response.json()["topics"][0]["papers_a_day"] is None
    world.list_papers(14, title="", abstract="We show it.")

    topics = visitor.open("/api/v1/topics").response.json()["topics"]

    assert len(topics) >= 40
    assert {"key", "name", "group", "line", "papers_a_day"} == set(topics[0])
    assert all(topic["papers_a_day"] >= 0 for topic in topics)


@pytest.mark.usefixtures("listed")
def test_the_archive_is_listed_the_newest_first_and_read_day_by_day(visitor: Visitor) -> None:
    found = visitor.open("/api/v1/editions").response.json()["editions"]

    assert [one["day"] for one in found] == ["2026-06-17", "2026-06-16"]
    assert found[0]["url"] == "http://127.0.0.1:8000/editions/2026-06-17"
    assert [one["day"] for one in visitor.open("/api/v1/editions?before=2026-06-17").response.json()["editions"]] == ["2026-06-16"]
    edition = visitor.open("/api/v1/editions/2026-06-16").response.json()
    assert (edition["is_closed"], len(edition["papers"])) == (True, 5)
    assert edition["papers"][0]["title"].startswith("Robotics of the")
    assert visitor.open("/api/v1/editions/2026-06-16?topic=astrophysics").response.json()["papers"] == []


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/editions/2020-01-01", 404, "day"),
        ("/editions/20260616xx", 422, "day"),
        ("/editions/2026-06-16?topic=nothing", 404, "topic"),
        ("/editions?before=yesterday", 422, "before"),
        ("/nothing", 404, ""),
    ],
)
def test_what_cannot_be_answered_names_the_field_and_the_remedy(visitor: Visitor, path: str, status: int, field: str) -> None:
    answer = visitor.open(f"/api/v1{path}")

    assert answer.status == status
    [fault] = answer.response.json()["faults"]
    assert fault["field"] == field
    assert fault["remedy"]


@pytest.mark.usefixtures("listed")
def test_a_preview_is_the_digest_that_the_choices_would_give(visitor: Visitor) -> None:
    answer = post(visitor, {"keywords": ["kind"], "for_you": 2, "trending": 1, "timezone": "asia/tokyo"}).response.json()

    assert (answer["day"], answer["new_papers"], answer["matched"]) == ("2026-06-18", 10, True)
    assert (len(answer["for_you"]), len(answer["trending"])) == (2, 1)
    assert answer["for_you"][0]["reason"] == "keyword kind"
    assert answer["for_you"][0]["whose_words"] == "the authors"
    assert answer["papers_a_day"] == {"kind": pytest.approx(10 / 7)}


def test_before_the_first_paper_a_preview_says_what_is_fetched(visitor: Visitor) -> None:
    answer = post(visitor, {}).response.json()

    assert (answer["for_you"], answer["trending"], answer["fetching"]) == ([], [], [])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"topics": ["Robotiks"], "timezone": "Mars"}, {"topics", "timezone"}),
        ({"for_you": 21}, {"for_you"}),
        ({"for_you": 0, "trending": 0}, {"trending"}),
        ({"for_you": "5"}, {"for_you"}),
        ({"keywords": ["x" * 201]}, {"keywords.0"}),
        ({"keywords": ["word"] * 61}, {"keywords"}),
        ({"email": "ada@example.org"}, {"email"}),
        ([], {""}),
        (None, {""}),
    ],
)
def test_choices_out_of_bounds_are_refused_field_by_field(visitor: Visitor, body: object, fields: set[str]) -> None:
    answer = post(visitor, body)

    assert answer.status == 422
    assert {fault["field"] for fault in answer.response.json()["faults"]} == fields


def test_the_description_names_every_path_and_describes_what_is_answered(visitor: Visitor) -> None:
    described = visitor.open("/api/v1/openapi.json").response.json()

    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) == {"/topics", "/editions", "/editions/{day}", "/preview"}
    text = json.dumps(described)
    for reference in {part.partition('"')[0] for part in text.split('"$ref": "')[1:]}:
        assert reference.rpartition("/")[2] in described["components"]["schemas"]


def test_nobody_asks_for_previews_without_end(visitor: Visitor) -> None:
    answers = [post(visitor, {"for_you": 99}).status for _ in range(301)]

    assert (answers[-1], answers[-2]) == (429, 422)


def test_a_database_that_is_away_is_said_so_in_json(clock: SetClock) -> None:
    gone = Database("postgresql+psycopg://paperboy@127.0.0.1:1/paperboy")

    answer = Visitor(application(Runtime(load({}), gone, clock))).open("/api/v1/topics")

    assert (answer.status, answer.response.json()["faults"][0]["field"]) == (503, "")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
wanted = st.dictionaries(
    st.sampled_from(["topics", "keywords", "authors", "mutes", "timezone", "for_you", "trending"]),
    json_values | st.lists(st.text()) | st.integers(0, 20),
)


@given(body=json_values | wanted)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_json_breaks_it(visitor: Visitor, body: object) -> None:
    try:
        content = json.dumps(body).encode("utf-8", "surrogatepass")
    except ValueError:
        return

    answer = visitor.send("POST", "/api/v1/preview", content=content, headers={"Content-Type": "application/json"})

    assert answer.status in {200, 422, 429}
