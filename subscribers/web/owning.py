"""What only the owner of an address may do, and hence needs a fresh link: move, come back, take the data, be erased."""

from http import HTTPStatus

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subscribers import moving, privacy, requests, signup, standing
from subscribers.addresses import shown
from subscribers.web.opening import open_fresh, page
from subscribers.web.signing_up import WORDING, checked_address
from subscribers.web.site import Asked, Site, endpoint


def routes(site: Site) -> list[Route]:
    """All of them act, so all of them are POST."""
    acts = {"return": come_back, "address": move, "export": export, "erase": erase}
    return [Route(f"/preferences/{{token}}/{path}", endpoint(site, act), methods=["POST"]) for path, act in acts.items()]


def come_back(site: Site, asked: Asked) -> Response:
    """Somebody who left, and has just shown that the address is theirs, reads again."""
    with site.database.transaction() as session:
        row, _ = open_fresh(site, asked, session)
        barred = standing.suppression(session, row.address_key) is not None
        is_back = not barred and (standing.take_back(session, row, asked.now) or signup.activate(session, row, asked.now))
        if is_back:
            row.consent_at, row.consent_source = asked.now, "/preferences"
            row.consent_wording = WORDING.format(name=site.settings.name)
    return page(site, asked, told=("Good to have you back.",) if is_back else ())


def move(site: Site, asked: Asked) -> Response:
    """Ask a new address to confirm; until it does, nothing changes. Uses the link up: it could write to stranger after stranger."""
    address, fault = checked_address(asked)
    if fault:
        return page(site, asked, HTTPStatus.UNPROCESSABLE_ENTITY, address_fault=fault)
    with site.database.transaction() as session:
        row, request_id = open_fresh(site, asked, session)
        requests.use(session, request_id, asked.now)
        moving.ask(session, row, address, asked.now)
    return site.page("moving", address=shown(address))


def export(site: Site, asked: Asked) -> Response:
    """All that is held, as a file. Uses the link up."""
    with site.database.transaction() as session:
        row, request_id = open_fresh(site, asked, session)
        requests.use(session, request_id, asked.now)
        held = privacy.export(session, row, site.holders)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
    return JSONResponse(held, headers=headers)


def erase(site: Site, asked: Asked) -> Response:
    """Forget the reader for good, once a box is ticked."""
    if asked.one("sure") != "yes":
        return page(site, asked, HTTPStatus.UNPROCESSABLE_ENTITY, erase_fault="Tick the box: what is erased cannot be brought back.")
    with site.database.transaction() as session:
        row, request_id = open_fresh(site, asked, session)
        requests.use(session, request_id, asked.now)
        privacy.erase(session, row, site.holders)
    return site.page("erased")
