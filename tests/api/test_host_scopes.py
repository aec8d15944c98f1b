"""Each call of the host asks for one scope, and a key with all others is refused by its name."""

from __future__ import annotations

import pytest

from chatserver.guard.scopes import SCOPES
from handlers.host_calls import HostHandler
from handlers.routes import API_ROUTES, ID, SUB
from tests.api.conftest import assert_problem
from tests.support.client import Client
from tests.support.host import by_host, claims_of_host

CALLS = [
    (method, path.replace(SUB, "42").replace(ID, "999999").removeprefix("host/"), scope)
    for path, handler in API_ROUTES
    if issubclass(handler, HostHandler)
    for method, scope in handler.scopes.items()
]


def test_every_call_of_the_host_is_among_these() -> None:
    assert {path for path, _ in API_ROUTES if path.startswith("host/")} == {
        path for path, handler in API_ROUTES if issubclass(handler, HostHandler)
    }
    assert {one for _, _, scope in CALLS for one in scope.split(" or ")} <= SCOPES.keys()


@pytest.mark.gen_test
@pytest.mark.parametrize(("method", "path", "scope"), CALLS)
async def test_9_without_its_scope_a_call_is_a_403_that_names_it(
    shop: Client, method: str, path: str, scope: str
) -> None:
    others = " ".join(SCOPES.keys() - set(scope.split(" or ")))
    body = {} if method in ("POST", "PUT") else None
    told = assert_problem(
        await by_host(shop, claims_of_host(others), method, f"{path}/", body), 403, "forbidden"
    )
    assert f"scope {scope}," in told["detail"]
    assert_problem(await by_host(shop, claims_of_host(""), method, f"{path}/", body), 403, "forbidden")
    assert_problem(await shop.call(method, f"host/{path}/", json_body=body), 401, "token_missing")
    with_it = await by_host(shop, claims_of_host(scope.split(" or ")[0]), method, f"{path}/", body)
    assert with_it.status not in (401, 403), with_it
