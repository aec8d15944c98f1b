"""The contract: accounts, sessions, people, the snapshot and what the server says about itself."""

from __future__ import annotations

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.support.client import PASSWORD, Client, unique

USER = {"id", "username", "full_name", "avatar"}


@pytest.mark.gen_test
async def test_register_answers_the_user_and_never_the_password(client: Client) -> None:
    name = unique("ann")
    answer = await client.register(name, full_name="Ann Őrült 🙂")
    assert answer.status == 201, answer
    assert set(answer.json) == {"user"}
    assert set(answer["user"]) == USER
    assert (answer["user"]["username"], answer["user"]["full_name"]) == (name, "Ann Őrült 🙂")
    assert answer["user"]["avatar"] is None
    assert PASSWORD not in answer.body.decode()
    plain = await client.register(unique("bob"))
    assert plain["user"]["full_name"], "without a full name something is shown all the same"


@pytest.mark.gen_test
async def test_a_user_name_is_given_once_whatever_its_case(client: Client) -> None:
    name = unique("ann")
    assert (await client.register(name)).status == 201
    for taken in (name, name.upper()):
        answer = await client.register(taken)
        assert answer.status in (400, 409), answer
        assert "username" in answer.body.decode()


@pytest.mark.gen_test
async def test_login_answers_a_token_the_user_and_the_session(client: Client) -> None:
    name = unique("ann")
    await client.register(name)
    answer = await client.login(name)
    assert answer.status == 200
    assert set(answer.json) == {"token", "user", "session"}
    assert set(answer["user"]) == USER
    assert len(answer["token"]) >= 32
    again = await client.login(name)
    assert again["token"] != answer["token"]
    assert again["session"]["id"] != answer["session"]["id"]


@pytest.mark.gen_test
async def test_a_wrong_password_and_an_unknown_name_are_told_alike(client: Client) -> None:
    name = unique("ann")
    await client.register(name)
    wrong = await client.login(name, "not the password")
    unknown = await client.login(unique("nobody"), "not the password")
    assert wrong.status == unknown.status == 401, (wrong, unknown)
    assert {**wrong.json, "request_id": ""} == {**unknown.json, "request_id": ""}


@pytest.mark.gen_test
async def test_sessions_are_listed_without_their_tokens_and_end_one_by_one(client: Client) -> None:
    (ann,) = await client.people("ann")
    other = await ann.another()
    answer = await ann.get("auth/sessions/")
    assert answer.status == 200
    assert {session["id"] for session in answer["sessions"]} == {ann.session["id"], other.session["id"]}
    assert [s["id"] for s in answer["sessions"] if s["current"]] == [ann.session["id"]]
    assert ann.token not in answer.body.decode() and other.token not in answer.body.decode()
    gone = await client.call("DELETE", f"auth/sessions/{other.session['id']}/", token=ann.token)
    assert gone.status in (200, 204), gone
    assert_problem(await other.get("users/me/"), 401, "token_invalid")
    again = await client.call("DELETE", f"auth/sessions/{other.session['id']}/", token=ann.token)
    assert_problem(again, 404, "not_found")
    assert (await ann.logout()).status in (200, 204)
    assert_problem(await ann.get("users/me/"), 401, "token_invalid")


@pytest.mark.gen_test
async def test_who_one_is_can_be_asked_and_changed(pair: Pair) -> None:
    me = await pair.ann.get("users/me/")
    assert me.status == 200
    assert set(me.json) == {"user"}
    assert set(me["user"]) == USER
    assert me["user"] == pair.ann.user
    changed = await pair.ann.client.call(
        "PATCH", "users/me/", token=pair.ann.token, json_body={"full_name": "Ann Other"}
    )
    assert (changed.status, changed["user"]["full_name"]) == (200, "Ann Other"), changed
    assert (await pair.ann.get("users/me/"))["user"]["full_name"] == "Ann Other"
    assert (await pair.bob.conversation_with(pair.ann))["other_user"]["full_name"] == "Ann Other"
    assert (await pair.ann.sent(pair.bob, "new name"))["sender_name"] == "Ann Other"
    untouched = await pair.ann.client.call("PATCH", "users/me/", token=pair.ann.token, json_body={})
    assert (untouched.status, untouched["user"]["full_name"]) == (200, "Ann Other")


@pytest.mark.gen_test
async def test_people_are_found_by_the_beginning_of_a_name(client: Client) -> None:
    ann, bob = await client.people("searching", "sought")
    answer = await ann.get("users/", query={"search": bob.username[:-1]})
    assert answer.status == 200
    (found,) = answer["users"]
    assert set(found) == USER | {"is_online", "sub"}
    assert found["id"] == bob.id
    capital = await ann.get("users/", query={"search": bob.username.upper()})
    assert [user["id"] for user in capital["users"]] == [bob.id]
    for nothing in (".*", "^", "$gt", unique("nobody"), "(" * 30, "\\", "[a-"):
        answer = await ann.get("users/", query={"search": nothing})
        assert (answer.status, answer["users"]) == (200, []), (nothing, answer)


@pytest.mark.gen_test
async def test_the_snapshot_is_everything_a_page_needs_to_begin(pair: Pair) -> None:
    answer = await pair.bob.get("snapshot/")
    assert answer.status == 200
    parts = {"user", "conversations", "next", "unread", "total_unread", "groups", "notifications", "cursor"}
    assert set(answer.json) == parts
    assert answer["user"]["id"] == pair.bob.id
    assert answer["conversations"] == await pair.bob.conversations()
    assert answer["unread"] == (await pair.bob.get("chats/unread-count/")).json
    assert answer["unread"]["total_unread"] == 2


@pytest.mark.gen_test
async def test_the_server_tells_its_version_limits_and_timings(
    client: Client, limits: dict[str, int]
) -> None:
    answer = await client.call("GET", "server/")
    assert answer.status == 200
    assert {"version", "limits", "timings", "feature_level"} <= set(answer.json)
    told = answer["limits"]
    assert limits["message"] in told.values() and limits["attachment"] in told.values(), told
    assert 5.5 in answer["timings"].values() and 6.0 in answer["timings"].values()
    assert type(answer["feature_level"]) is int


@pytest.mark.gen_test
async def test_the_host_sees_whether_it_lives_and_is_ready(client: Client) -> None:
    health = await client.call("GET", "/healthz")
    assert health.status == 200
    ready = await client.call("GET", "/readyz")
    assert ready.status == 200
    assert ready["components"]["database"] == "up" and "bus" in ready["components"]
    assert (await client.call("GET", "/metrics")).status == 404, "metrics have a listener of their own"


@pytest.mark.gen_test
async def test_the_api_describes_itself(client: Client) -> None:
    answer = await client.call("GET", "/openapi.json")
    assert answer.status == 200
    assert answer["openapi"].startswith("3.1")
    paths = {path.rstrip("/") for path in answer["paths"]}
    for path in (
        "poll/events", "poll/test", "poll/disconnect", "chats", "chats/conversations", "chats/mark-read",
        "chats/typing", "chats/unread-count", "chats/online-users", "auth/register", "auth/login", "auth/logout",
        "auth/sessions", "users/me", "users", "snapshot", "server",
    ):  # fmt: skip
        assert any(known.endswith(f"communication/{path}") or known == f"/{path}" for known in paths), path
    docs = await client.call("GET", "/docs")
    assert docs.status == 200
    assert docs.headers["Content-Type"].startswith("text/html")
