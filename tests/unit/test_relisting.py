"""Listing anew what other rules listed: nothing newer is written over, and it goes round twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chatserver.sending.relisting import AGAIN, Relisting
from chatserver.word_pages import PAGE
from tests.support.client import unique

OLD = {"words": ["outdated"], "words_rules": 1}


async def begin(chat: Any) -> Relisting:
    """As on the first start of a new version, whatever other tests left."""
    marks = chat.storage._collections["marks"]
    await marks.delete_many({"_id": {"$in": ["words of users", "words of messages"]}})
    return Relisting(chat.storage, chat.clock)


async def go_round(chat: Any, relisting: Relisting, now: Any) -> None:
    mark: Any = {"seen": 0}
    while mark is None or mark["seen"] is not None:
        await relisting.go_on(now)
        mark = await chat.storage._collections["marks"].find_one({"_id": "words of messages"})


async def stored_words(chat: Any, id: int) -> list[str]:
    words: list[str] = (await chat.storage._collections["messages"].find_one({"_id": id}))["words"]
    return words


@pytest.mark.gen_test(timeout=110)
async def test_what_a_node_of_the_old_version_wrote_after_it_was_passed_is_listed_an_hour_later(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.sending.relisting.PAUSE_SECS", 0)
    ann, _, conversation = await chat.pair()
    relisting, now = await begin(chat), chat.clock.now()
    messages = chat.storage._collections["messages"]
    early = await chat.say(ann, conversation, "early bird")
    await messages.update_one({"_id": early.id}, {"$set": OLD})
    await go_round(chat, relisting, now)
    assert await stored_words(chat, early.id) == ["early", "bird"]

    late = await chat.say(ann, conversation, "late bird")
    await messages.update_one({"_id": late.id}, {"$set": OLD})
    await relisting.go_on(now + AGAIN - timedelta(seconds=1))
    assert await stored_words(chat, late.id) == ["outdated"], "not yet"
    await relisting.go_on(now + AGAIN)
    await go_round(chat, relisting, now + AGAIN)
    assert await stored_words(chat, late.id) == ["late", "bird"]

    await messages.update_one({"_id": late.id}, {"$set": OLD})
    await relisting.go_on(now + 3 * AGAIN)
    assert await stored_words(chat, late.id) == ["outdated"], "two rounds, and no more"


@pytest.mark.gen_test(timeout=110)
async def test_a_page_that_old_rules_listed_is_listed_anew_and_nobody_writes_the_old_words_over_it(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.sending.relisting.PAUSE_SECS", 0)
    ann, bob, conversation = await chat.pair()
    for number in range(PAGE):
        await chat.say(ann, conversation, f"smørrebrød {number}")
    await chat.sweeper().sweep()
    span = {"_id": {"$gte": conversation.id << 23, "$lt": (conversation.id + 1) << 23}}
    pages, messages = (chat.storage._collections[name] for name in ("pages", "messages"))
    await messages.update_many(span, {"$set": OLD})
    await pages.update_one({"c": conversation.id}, {"$set": {"words": ["outdated"], "rules": 1}})
    await go_round(chat, await begin(chat), chat.clock.now())
    find = chat.services.search.find
    shown, more = await find(bob, "smorrebrod 7", 10, user_id=None, before_id=None)
    assert ([message["message"] for message in shown], more) == (["smørrebrød 7"], False)

    await messages.update_many(span, {"$set": OLD})  # what somebody read who is slow to write
    await chat.storage.pages.fill([(conversation.id, 0)])
    assert "smorrebrod" in (await pages.find_one({"c": conversation.id}))["words"]


@pytest.mark.gen_test(timeout=110)
async def test_what_is_changed_while_it_is_listed_anew_keeps_its_new_words(chat: Any) -> None:
    ann, _, conversation = await chat.pair()
    said = await chat.say(ann, conversation, "walrus")
    messages = chat.storage._collections["messages"]
    await messages.update_one({"_id": said.id}, {"$set": OLD})
    bulk_write = messages.bulk_write

    async def after_an_edit(writes: Any, **options: Any) -> Any:
        await chat.services.changes.edit(ann, said.id, "penguin")
        return await bulk_write(writes, **options)

    messages.bulk_write = after_an_edit
    await chat.storage.messages.list_words(said.id - 1, 1)
    assert await stored_words(chat, said.id) == ["penguin"]


@pytest.mark.gen_test(timeout=60)
async def test_a_name_is_not_given_back_to_somebody_who_was_deleted_meanwhile(chat: Any) -> None:
    ann = await chat.person()
    user = await chat.services.accounts.user(ann.user_id)
    await chat.services.accounts.forget(await chat.services.accounts.named(user.username))
    name = unique("late")
    assert await chat.storage.users.update(user, {"full_name": name}) is None
    assert await chat.storage.users.search([name], 10) == []


@pytest.mark.gen_test(timeout=60)
async def test_a_search_for_people_reads_no_more_of_the_index_than_it_answers(chat: Any) -> None:
    word = unique("many")
    for number in range(60):
        name = f"{word}{number}"
        await chat.storage.users._users.insert_one(
            {
                "_id": await chat.storage.marks.next_id("user"),
                "username": name,
                "username_key": name,
                "full_name": name,
                "avatar": None,
                "name_words": [name],
                "words_rules": 2,
            }
        )
    database = chat.storage._database
    command = {
        "explain": {
            "find": "users",
            "filter": {"name_words": {"$elemMatch": {"$gte": word, "$lte": word + "\U0010ffff"}}},
            "limit": 20,
        },
        "verbosity": "executionStats",
    }
    told = (await database.command(command))["executionStats"]
    assert (told["nReturned"], told["totalDocsExamined"], told["totalKeysExamined"]) == (20, 20, 20)
    assert len(await chat.storage.users.search([word], 20)) == 20
