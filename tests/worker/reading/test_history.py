from subscribers.circles import Circle
from subscribers.links import Links
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.render.notices import notice
from worker.send import announcements
from worker.send.announcements import Announcement


def test_a_notice_stands_among_a_reader_s_last_mails_by_its_subject(visitor: Visitor, world: World) -> None:
    [ada] = world.subscribe("ada@example.org")
    moving = Announcement("moving", notice("# We move <on> Friday\n\nDigests come later."), Circle())
    announcements.write_range(world.database, world.clock, moving, announcements.announce(world.database, world.clock, moving))
    world.tick()

    page = visitor.open(Links(world.settings.secret_key, world.settings.base_url).preferences(ada, world.clock.now()))

    assert "“We move <on> Friday”, sent" in page.words
