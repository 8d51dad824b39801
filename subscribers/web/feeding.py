"""A reader's own feed, made anew or turned off.

Making and seeing its link needs a fresh one: a forwarded digest must not turn into a stranger's subscription to everything that follows.
Turning it off hurts nobody, so the link of any digest will do.
"""

from starlette.responses import Response
from starlette.routing import Route

from subscribers import feeds
from subscribers.models import Standing
from subscribers.web.opening import open_fresh, open_link, page
from subscribers.web.site import Asked, Site, endpoint


def routes(site: Site) -> list[Route]:
    """Both act, so both are POST."""
    return [
        Route("/preferences/{token}/feed", endpoint(site, make), methods=["POST"]),
        Route("/preferences/{token}/feed/off", endpoint(site, turn_off), methods=["POST"]),
    ]


def make(site: Site, asked: Asked) -> Response:
    """A feed under a new link; the one before it stops working."""
    with site.database.transaction() as session:
        row, _ = open_fresh(site, asked, session)
        reads = row.standing in (Standing.ACTIVE, Standing.PAUSED)
        had = feeds.of(session, row.id) is not None
        if reads:
            feeds.make(session, row.id, asked.now)
    if not reads:
        return page(site, asked)
    return page(site, asked, told=("Your feed has a new link; the old one no longer works." if had else "Your feed is on.",))


def turn_off(site: Site, asked: Asked) -> Response:
    """No feed any more."""
    with site.database.transaction() as session:
        gone = feeds.turn_off(session, open_link(site, asked, session).row.id)
    return page(site, asked, told=("Your feed is off; its link no longer works." if gone else "Your feed was off already.",))
