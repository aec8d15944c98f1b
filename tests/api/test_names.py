"""What people may be called, how they are found, and what becomes of writing to them when they are gone."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest

from tests.api.conftest import Pair, assert_problem
from tests.api.multipart import multipart
from tests.support.client import PASSWORD, Answer, Client, Device, unique


async def call_oneself(device: Device, full_name: str) -> Answer:
    return await device.client.call(
        "PATCH", "users/me/", token=device.token, json_body={"full_name": full_name}
    )


async def found(device: Device, search: str) -> list[str]:
    answer = await device.get("users/", query={"search": search})
    assert answer.status == 200, answer
    return [user["full_name"] for user in answer["users"]]


@pytest.mark.gen_test
async def test_people_are_found_by_the_beginning_of_any_word_in_any_order(client: Client) -> None:
    mark = unique("q")  # a last name that nobody else in this database has
    ann = await client.sign_up("ann")
    names = (f"Mary Ann {mark}", f"Çelik {mark}", f"Ilqar Bell {mark}", f"Łukasz Sørensen {mark}")
    for name in (*names, f"Өлзий Баяр-Түмэн {mark}", f"O’Brien {mark}"):
        await client.sign_up("someone", full_name=name)
    for search, expected in {
        mark[:-1]: 6,
        f"{mark} ann": names[0],
        f"ANN {mark}": names[0],
        f"{mark.upper()[:-1]} mar": names[0],
        f"ma {mark} an": names[0],
        f"celik {mark}": names[1],
        f"{mark}, Ilqar": names[2],
        f"ILQAR {mark}": names[2],
        f"sorensen lukasz {mark}": names[3],
        f"баяр-т {mark}": f"Өлзий Баяр-Түмэн {mark}",
        f"түмэн {mark}": f"Өлзий Баяр-Түмэн {mark}",
        f"brien {mark}": f"O’Brien {mark}",
    }.items():
        result = await found(ann, search)
        assert (len(result) if isinstance(expected, int) else result) == (
            expected if isinstance(expected, int) else [expected]
        ), search
    for nobody in (f"nn {mark}", f"ann ann-other {mark}", f"ary {mark}"):
        assert await found(ann, nobody) == [], nobody


@pytest.mark.gen_test
async def test_people_are_found_by_their_username_with_or_without_an_at_and_by_its_parts(
    client: Client,
) -> None:
    ann, dora = await client.people("ann", "dora")
    assert await found(ann, f"@{dora.username}") == [dora.user["full_name"]]
    part = unique("part")
    named = await client.register(f"j.{part}_x"[:32], full_name="Jo")
    assert named.status == 201, named
    assert await found(ann, part) == await found(ann, f"@j.{part}") == ["Jo"]


@pytest.mark.gen_test
async def test_who_is_called_anew_is_found_by_the_new_name_only(client: Client) -> None:
    old, new = unique("old"), unique("new")
    ann = await client.sign_up("ann", full_name=f"Ann {old}")
    assert (await call_oneself(ann, f"Ann {new}")).status == 200
    assert await found(ann, old) == []
    assert await found(ann, new) == [f"Ann {new}"]


@pytest.mark.gen_test
async def test_whole_words_come_before_their_beginnings_however_many_have_those(client: Client) -> None:
    word = unique("w")
    ann = await client.sign_up("zoe", full_name=word)
    for number in range(21):
        await client.register(unique("a"), full_name=f"{word}{number}")
    first, *others = await found(ann, word)
    assert (first, len(others)) == (word, 19)


INVISIBLE = [
    "\u3164",
    "\u115f",
    "\u1160",
    "\uffa0",
    "\u2800",
    "\u3164 \u200d",
    "\ufe0f",
    "\u00ad",
    "\u200e",
    "\u034f",
]
INVISIBLE += ["\U000e0020", "\u17b4", "\u180e", " \u3000 "]


@pytest.mark.gen_test
async def test_a_name_has_something_to_see(client: Client) -> None:
    ann = await client.sign_up("ann", full_name="Ann")
    for name in (*INVISIBLE, "\u0301", "\u200b"):
        refused = await client.register(unique("bob"), full_name=name)
        assert_problem(refused, 400, "validation_error", "full_name")
        assert_problem(await call_oneself(ann, name), 400, "validation_error", "full_name")
    assert (await ann.get("users/me/"))["user"]["full_name"] == "Ann"


@pytest.mark.gen_test
async def test_a_message_of_invisible_signs_alone_is_empty(pair: Pair) -> None:
    path = f"chats/message/{pair.messages[0]['id']}/"
    for text in (*INVISIBLE, "\u2028", "\u200b\ufeff", "\u202e"):
        assert_problem(await pair.ann.send(pair.bob, text), 400, "validation_error", "message")
        form = multipart({"receiver_id": str(pair.bob.id), "message": text})
        assert_problem(await pair.ann.post("chats/", **form), 400, "validation_error", "message")
        edited = await pair.ann.client.call("PATCH", path, token=pair.ann.token, json_body={"message": text})
        assert_problem(edited, 400, "validation_error", "message")
    for text in (".", "🫩", "\u0e31", "a\u3164", "\U0010fffd"):
        assert (await pair.ann.sent(pair.bob, text))["message"] == text
    form = multipart({"receiver_id": str(pair.bob.id), "message": "\u3164"}, ("a", b"a", "text/plain"))
    assert (await pair.ann.post("chats/", **form))["message"] == "\u3164", "beside a file it may be empty"


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("👩\u200d💻 Ann", "👩\u200d💻 Ann"),
        ("👩🏽\u200d❤️\u200d👨", "👩🏽\u200d❤️\u200d👨"),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", None),
        ("Ann\nLee\t\r\nBo\u2028X", "Ann Lee Bo X"),
        ("🙂\u200d↔️ Ann", "🙂\u200d↔️ Ann"),
        ("An\u200dn", "Ann"),
        ("\u200fAnn\u00ad", "Ann"),
        ("e\u0301", "é"),
        ("x" + "\u0301" * 4, None),
        ("လျှို့", None),
        ("קֻּ֘דש", None),
        ("🫩", None),
    ],
)
async def test_what_belongs_to_the_spelling_of_a_name_stays(
    client: Client, given: str, shown: str | None
) -> None:
    ann = await client.sign_up("ann")
    answer = await call_oneself(ann, given)
    expected = unicodedata.normalize("NFC", given) if shown is None else shown
    assert (answer.status, answer["user"]["full_name"]) == (200, expected), answer


@pytest.mark.gen_test
@pytest.mark.parametrize(
    "name",
    [
        *(
            "a\u202eb",
            "a\u2066b",
            "a\u2069",
            "a\u202a",
            "a\u200bb",
            "\ufeffAnn",
            "a\u2060",
            "a\x07b",
            "a\x9bb",
        ),
        *(
            "م" + ("\u064e" * 4 + "\u200c") * 3 + "\u064e",
            "Z" + "\u0301" * 5,
            "Z" + "\u0301\u0316" * 30,
            "x" * 101,
            "e\u0301" * 2000,
        ),
    ],
    ids=ascii,
)
async def test_a_name_that_would_make_a_mess_of_the_text_around_it_is_refused(
    client: Client, name: str
) -> None:
    ann = await client.sign_up("ann")
    assert_problem(await call_oneself(ann, name), 400, "validation_error", "full_name")


@pytest.mark.gen_test
async def test_writing_to_an_account_that_is_gone_is_refused_and_what_was_sent_before_is_still_known(
    pair: Pair, client: Client
) -> None:
    ann, bob = pair.ann, pair.bob
    (eve,) = await client.people("eve")
    key = unique("key")
    said = await ann.sent(bob, "before", client_id=key)
    body: dict[str, Any] = {"password": PASSWORD}
    assert (await client.call("DELETE", "users/me/", token=bob.token, json_body=body)).status == 200

    for writer in (ann, eve):
        assert "deleted" in assert_problem(await writer.send(bob, "hello?"), 404, "not_found")["detail"]
    form = multipart({"receiver_id": str(bob.id)}, ("a.txt", b"a", "text/plain"))
    assert_problem(await ann.post("chats/", **form), 404, "not_found")
    again = await ann.send(bob, "before", client_id=key)
    assert (again.status, again["id"]) == (200, said["id"])
    assert_problem(await ann.send(bob, "another", client_id=key), 422, "idempotency_conflict")
    history = await ann.history(bob)
    assert [m["message"] for m in history["messages"]] == ["before", "yes", "are you there?", "hello"]
    assert history["other_user"]["username"] == f"-deleted-{bob.id}"
    assert await eve.conversations() == [], "none was begun"


@pytest.mark.gen_test
async def test_spaces_around_a_username_do_not_keep_anybody_out(client: Client) -> None:
    (ann,) = await client.people("ann")
    for typed in (f" {ann.username} ", f"{ann.username}\u00a0", f"\t{ann.username.upper()}\n"):
        answer = await client.login(typed)
        assert (answer.status, answer["user"]["id"] if answer.status == 200 else None) == (200, ann.id)


@pytest.mark.gen_test
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
async def test_a_password_is_the_same_one_composed_and_decomposed(
    client: Client, forms: tuple[Any, Any]
) -> None:
    set_as, typed_as = (unicodedata.normalize(form, "pässwört é one") for form in forms)
    name = unique("ann")
    body = {"username": name, "password": set_as}
    assert (await client.call("POST", "auth/register/", json_body=body)).status == 201
    for password in (typed_as, set_as):
        assert (await client.login(name, password)).status == 200
    assert (await client.login(name, "passwort e one")).status == 401
