"""Preferences: what the link of a digest may change. Topics, rhythm, sizes, a pause, votes."""

from datetime import timedelta
from http import HTTPStatus

from starlette.responses import Response
from starlette.routing import Route

from subscribers import preferences, signup, standing, votes
from subscribers.choices import ChoicesError
from subscribers.web import forms, limits
from subscribers.web.opening import day_in, open_link, open_reader, page
from subscribers.web.site import Asked, Site, endpoint, too_often

_LONGEST_PAUSE = timedelta(days=366)


def routes(site: Site) -> list[Route]:
    """GET shows, POST does."""
    acts = {"": save, "/preview": preview, "/pause": pause, "/resume": resume, "/votes": withdraw, "/fresh": send_fresh}
    return [
        Route("/preferences/{token}", endpoint(site, page), methods=["GET"]),
        *(Route(f"/preferences/{{token}}{path}", endpoint(site, act), methods=["POST"]) for path, act in acts.items()),
    ]


def save(site: Site, asked: Asked) -> Response:
    """Keep the choices, say what changed, and offer to undo it."""
    with site.database.transaction() as session:
        row = open_reader(site, asked, session).row
        before = preferences.read(session, row)
        try:
            choices = forms.read(asked, site.catalogue, before)
        except ChoicesError as error:
            faults = error.faults
        else:
            faults = ()
            preferences.save(session, row, choices, asked.now)
    if faults:
        return page(site, asked, HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)
    changed = preferences.changes(before, choices, site.catalogue)
    return page(site, asked, told=changed or ("Nothing was changed.",), undo=forms.hidden(before) if changed else ())


def preview(site: Site, asked: Asked) -> Response:
    """The form as it was sent, beside the digest it would give. Writes nothing."""
    if not site.limiter.allows(limits.PREVIEW, asked.network, asked.now):
        return too_often(site)
    with site.database.reading() as session:
        before = preferences.read(session, open_reader(site, asked, session).row)
    try:
        choices = forms.read(asked, site.catalogue, before)
    except ChoicesError as error:
        return page(site, asked, HTTPStatus.UNPROCESSABLE_ENTITY, faults=error.faults)
    return page(site, asked, tried=choices)


def pause(site: Site, asked: Asked) -> Response:
    """No digest before a day of the reader's own calendar."""
    typed = asked.one("until")
    with site.database.transaction() as session:
        row = open_reader(site, asked, session).row
        until = day_in(row.zone, typed)
        paused = until is not None and until <= asked.now + _LONGEST_PAUSE and standing.pause(row, until, asked.now)
    if until is None or not paused:
        fault = f"Give a day after today and within a year; {typed[:20] or 'nothing'} is none."
        return page(site, asked, HTTPStatus.UNPROCESSABLE_ENTITY, pause_fault=fault)
    return page(site, asked, told=(f"No digest before {until:%-d %B %Y}.",))


def resume(site: Site, asked: Asked) -> Response:
    """The pause is over."""
    with site.database.transaction() as session:
        standing.resume(open_reader(site, asked, session).row, asked.now)
    return page(site, asked, told=("The pause is over.",))


def withdraw(site: Site, asked: Asked) -> Response:
    """Take one vote back."""
    with site.database.transaction() as session:
        gone = votes.withdraw(session, open_reader(site, asked, session).row.id, asked.one("paper")[:300])
    return page(site, asked, told=("Your vote is withdrawn." if gone else "There was no such vote.",))


def send_fresh(site: Site, asked: Asked) -> Response:
    """Mail a fresh link to the reader's own address, wherever this link may have been forwarded to."""
    with site.database.transaction() as session:
        signup.ask_fresh_link(session, open_link(site, asked, session).row.address, asked.now)
    return page(site, asked, told=("A fresh link is on its way to your address. It is good for thirty minutes, once.",))
