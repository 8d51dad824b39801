"""Is this process alive, and may it be sent traffic: `/healthz` and `/readyz`."""

from datetime import timedelta
from http import HTTPStatus

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from config.runtime import Runtime
from worker.schema import SchemaError, check_schema
from worker.send import heartbeats

SILENT_AFTER = timedelta(minutes=5)
REDIS_WAITS = 2.0  # seconds

FINE = "ok"


def routes(runtime: Runtime) -> list[Route]:
    """What an orchestrator asks."""

    async def alive(_request: Request) -> Response:
        return JSONResponse({"status": FINE})

    async def ready(_request: Request) -> Response:
        checks = await run_in_threadpool(readiness, runtime)
        fine = all(found == FINE for found in checks.values())
        status = HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"status": FINE if fine else "not ready", "checks": checks}, status, headers={"Cache-Control": "no-store"})

    return [Route("/healthz", alive), Route("/readyz", ready)]


def readiness(runtime: Runtime) -> dict[str, str]:
    """Each thing that must work: "ok", or what is wrong with it, without addresses or passwords."""
    checks = {"database": _database(runtime)}
    if checks["database"] == FINE:
        checks["schema"] = _schema(runtime)
    if runtime.settings.redis_url:
        checks["redis"] = _redis(runtime.settings.redis_url)
    if not runtime.settings.embedded and checks.get("schema") == FINE:
        checks["beat"] = _beat(runtime)
    return checks


def _database(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return FINE


def _schema(runtime: Runtime) -> str:
    try:
        check_schema(runtime.database)
    except SchemaError as error:
        return str(error)
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return FINE


def _redis(url: str) -> str:
    try:
        with Redis.from_url(url, socket_timeout=REDIS_WAITS, socket_connect_timeout=REDIS_WAITS) as redis:
            redis.ping()
    except (RedisError, OSError) as error:
        return f"Redis does not answer ({type(error).__name__})"
    return FINE


def _beat(runtime: Runtime) -> str:
    with runtime.database.reading() as session:
        last = heartbeats.last(session, heartbeats.BEAT)
    if last is None:
        return "the beat was never seen; start ./paperboy beat and a worker"
    silent = runtime.clock.now() - last
    if silent > SILENT_AFTER:
        return f"the beat has been silent for {int(silent.total_seconds() // 60)} minutes; look at ./paperboy beat and the workers"
    return FINE
