"""The OpenAPI description is true: whatever fits it is answered as it says, and whatever does not is refused as it says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import schemathesis
from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from yixian.db.embedded import Server
from yixian.settings import Settings
from yixian.tickets.model import Action

from .conftest import START, Made, addresses, copied, dropped, running
from .driver import ADDRESS, City, Clock

CHECKS = [
    schemathesis.checks.not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
]  # fmt: skip
EXAMPLES = 20
"""A request, sort of data and person: a few hundred requests in all."""

ENDS_THE_SESSION = {("DELETE", "/api/v1/session"), ("PUT", "/api/v1/session/password")}


@pytest.fixture(scope="module")
async def town(server: Server, port_ash: Made, own_settings: Settings) -> AsyncIterator[City]:
    name = await copied(server, port_ash.name)
    async with running(addresses(server, name), own_settings, Clock(START, "Europe/London"), port_ash.told) as started:
        yield started
    await dropped(server, name)


@pytest.fixture(scope="module")
async def document(town: City) -> dict[str, Any]:
    answer = await town.public.get("/api/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_document_is_valid_openapi(document: dict[str, Any]):
    validate(document)


def test_every_door_is_described(document: dict[str, Any], town: City):
    described = {(method.upper(), path) for path, doors in document["paths"].items() for method in doors}
    doors = {
        (method, _path(route.path))
        for route in town.app.routes
        for method in getattr(route, "methods", ())
        if route.path.startswith("/api/v1")
    }
    assert doors - {d for d in doors if d[0] in ("OPTIONS", "HEAD")} == described
    for path, methods in document["paths"].items():
        for method, door in methods.items():
            assert door["summary"] and door["description"] and door["tags"], (method, path)


@pytest.mark.parametrize("mode", (GenerationMode.POSITIVE, GenerationMode.NEGATIVE), ids=("fits", "does_not_fit"))
@pytest.mark.parametrize("login", ("", "supervisor", "system_admin", "security_admin", "audit_admin"))
async def test_every_door_answers_as_it_is_described(document: dict[str, Any], town: City, login: str, mode: GenerationMode):
    hole = await town.line.report("Huge pothole on Mill Road", separate=True)
    client, headers = (town.staff(login).client, {"X-CSRF-Token": town.staff(login).csrf}) if login else (town.public, {})
    schema = schemathesis.openapi.from_dict(document)
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if login and ((operation.method.upper(), operation.path) in ENDS_THE_SESSION or not _concerns(login, operation.path)):
            continue
        for n, case in enumerate(await asyncio.to_thread(_drawn, operation, mode)):
            if "number" in (case.path_parameters or {}) and n % 2:
                case.path_parameters["number"] = hole.number
                if "action" in case.path_parameters:
                    case.path_parameters["action"] = list(Action)[n % len(Action)].value
            try:
                case.validate_response(await _sent(client, case, headers), checks=CHECKS)
            except BaseExceptionGroup as group:
                wrong += [f"{operation.label}: {type(e).__name__}: {str(e)[:600]}" for e in group.exceptions]
    assert not wrong, f"{len(wrong)} answers are not as described:\n" + "\n\n".join(dict.fromkeys(wrong))[:6000]


def _concerns(login: str, path: str) -> bool:
    """Supervisors work on contacts, tickets and callers; administrators on accounts, the audit and the city."""
    administration = path.startswith(("/api/v1/staff", "/api/v1/audit", "/api/v1/city"))
    return administration != (login == "supervisor")


def _drawn(operation: Any, mode: GenerationMode) -> list[Any]:
    """Cases for an operation: what fits its description, or what does not."""
    cases: list[Any] = []

    @examples(
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        cases.append(case)

    try:
        draw()
    except Exception as error:
        if "Unsatisfi" not in type(error).__name__:  # nothing to get wrong: no parameters, no body
            raise
    return cases


async def _sent(client: AsyncClient, case: Any, headers: dict[str, str]) -> Any:
    how = case.as_transport_kwargs(base_url=ADDRESS)
    if isinstance(how.get("data"), (str, bytes)):
        how["content"] = how.pop("data")
    how["headers"] = {k: v for k, v in dict(how.get("headers") or {}).items() if k.lower() not in ("x-csrf-token", "cookie")} | headers
    known = {k: v for k, v in how.items() if k in ("method", "url", "headers", "params", "json", "data", "content") and v is not None}
    return await client.request(**known)


def _path(path: str) -> str:
    """Without the framework's types: `{number:str}` is `{number}`."""
    return "/".join(part.split(":")[0] + "}" if part.startswith("{") and ":" in part else part for part in path.split("/"))
