"""Listing anew what other rules listed: nothing newer is written over, and it goes round twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from chatserver.model import User
from chatserver.sending.relisting import AGAIN, Relisting
from chatserver.storage.driver import Collection, make_client, settled
from chatserver.storage.gate import Gate
from chatserver.storage.messages import MessageStore
from chatserver.word_pages import PAGE
from chatserver.words import NAME_RULES
from tests.support.client import unique

OLD = {"words": ["outdated"], "words_rules": 1}


class Old:
    """What an older version left in the database."""

    def __init__(self, chat: Any, database: Any) -> None:
        self._chat = chat
        self._database = database

    def begin(self) -> Relisting:
        """As on the first start of a new version."""
        self._database["marks"].delete_many({"_id": {"$in": ["words of users", "words of messages"]}})
        return Relisting(self._chat.storage, self._chat.clock)

    async def go_round(self, relisting: Relisting, now: Any) -> None:
        mark: Any = {"seen": 0}
        while mark is None or mark["seen"] is not None:
            await relisting.go_on(now)
            mark = self._database["marks"].find_one({"_id": "words of messages"})

    def list_again(self, id: int) -> None:
        """By rules that are over."""
        self._database["messages"].update_one({"_id": id}, {"$set": OLD})

    def words(self, id: int) -> list[str]:
        found: list[str] = self._database["messages"].find_one({"_id": id})["words"]
        return found


@pytest.fixture(scope="module")
def database_name() -> str:
    """Listing anew goes through all people and messages there are."""
    return unique("relisting")


@pytest.fixture
def old(chat: Any, database: Any) -> Old:
    return Old(chat, database)


class ChangedMeanwhile(Collection):
    """Between what is read of it and what is written, somebody changes a message."""

    change: Callable[[], Awaitable[object]]

    async def bulk_write(self, writes: list[Any], *, ordered: bool) -> Any:
        await self.change()
        return await super().bulk_write(writes, ordered=ordered)


@pytest.mark.gen_test
async def test_what_a_node_of_the_old_version_wrote_after_it_was_passed_is_listed_an_hour_later(
    chat: Any, old: Old, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.sending.relisting.PAUSE_SECS", 0)
    ann, _, conversation = await chat.pair()
    relisting, now = old.begin(), chat.clock.now()
    early = await chat.say(ann, conversation, "early bird")
    old.list_again(early.id)
    await old.go_round(relisting, now)
    assert old.words(early.id) == ["early", "bird"]

    late = await chat.say(ann, conversation, "late bird")
    old.list_again(late.id)
    await relisting.go_on(now + AGAIN - timedelta(seconds=1))
    assert old.words(late.id) == ["outdated"], "not yet"
    await relisting.go_on(now + AGAIN)
    await old.go_round(relisting, now + AGAIN)
    assert old.words(late.id) == ["late", "bird"]

    old.list_again(late.id)
    await relisting.go_on(now + 3 * AGAIN)
    assert old.words(late.id) == ["outdated"], "two rounds, and no more"


@pytest.mark.gen_test
async def test_a_page_that_old_rules_listed_is_listed_anew_and_nobody_writes_the_old_words_over_it(
    chat: Any, old: Old, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.sending.relisting.PAUSE_SECS", 0)
    ann, bob, conversation = await chat.pair()
    for number in range(PAGE):
        await chat.say(ann, conversation, f"smørrebrød {number}")
    await chat.sweeper().sweep()
    span = {"_id": {"$gte": conversation.id << 23, "$lt": (conversation.id + 1) << 23}}
    pages, messages = database["pages"], database["messages"]
    messages.update_many(span, {"$set": OLD})
    pages.update_one({"c": conversation.id}, {"$set": {"words": ["outdated"], "rules": 1}})
    await old.go_round(old.begin(), chat.clock.now())
    find = chat.services.search.find
    shown, more = await find(bob, "smorrebrod 7", 10, user_id=None, before_id=None)
    assert ([message["message"] for message in shown], more) == (["smørrebrød 7"], False)

    messages.update_many(span, {"$set": OLD})  # what somebody read who is slow to write
    await chat.storage.pages.fill([(conversation.id, 0)])
    assert "smorrebrod" in pages.find_one({"c": conversation.id})["words"]


@pytest.mark.gen_test
async def test_what_is_changed_while_it_is_listed_anew_keeps_its_new_words(chat: Any, old: Old) -> None:
    ann, _, conversation = await chat.pair()
    said = await chat.say(ann, conversation, "walrus")
    old.list_again(said.id)
    client = make_client(chat.settings.mongodb_uri, chat.settings.mongodb_driver, 30.0)
    messages = ChangedMeanwhile(client[chat.settings.mongodb_database]["messages"], Gate(1, chat.clock))
    messages.change = lambda: chat.services.changes.edit(ann, said.id, "penguin")
    try:
        await MessageStore(messages).list_words(said.id - 1, 1)
    finally:
        await settled(client.close())
    assert old.words(said.id) == ["penguin"]


@pytest.mark.gen_test
async def test_a_name_is_not_given_back_to_somebody_who_was_deleted_meanwhile(chat: Any) -> None:
    ann = await chat.person()
    user = await chat.services.accounts.user(ann.user_id)
    await chat.services.accounts.forget(await chat.services.accounts.named(user.username))
    name = unique("late")
    assert await chat.storage.users.update(user, {"full_name": name}) is None
    assert await chat.storage.users.search([name], 10) == []


@pytest.mark.gen_test
async def test_who_was_listed_by_a_username_that_the_server_made_is_found_by_it_no_more(
    chat: Any, old: Old, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.sending.relisting.PAUSE_SECS", 0)
    id, shown = await chat.storage.marks.next_id("user"), unique("shown")
    username = f"host:{id}"
    await chat.storage.users.create(User(id, username, shown, None, unique("sub")), "", chat.clock.now())
    earlier = {"name_words": [username, "host", str(id), shown], "words_rules": 2}
    database["users"].update_one({"_id": id}, {"$set": earlier})
    await old.go_round(old.begin(), chat.clock.now())
    assert await chat.storage.users.search([username], 10) == []
    assert [user.id for user in await chat.storage.users.search([shown], 10)] == [id]


@pytest.mark.gen_test
async def test_a_search_for_people_reads_no_more_of_the_index_than_it_answers(
    chat: Any, database: Any
) -> None:
    word = unique("many")
    for number in range(60):
        name = f"{word}{number}"
        database["users"].insert_one(
            {
                "_id": await chat.storage.marks.next_id("user"),
                "username": name,
                "username_key": name,
                "full_name": name,
                "avatar": None,
                "name_words": [name],
                "words_rules": NAME_RULES,
            }
        )
    command = {
        "explain": {
            "find": "users",
            "filter": {"name_words": {"$elemMatch": {"$gte": word, "$lte": word + "\U0010ffff"}}},
            "limit": 20,
        },
        "verbosity": "executionStats",
    }
    told = database.command(command)["executionStats"]
    assert (told["nReturned"], told["totalDocsExamined"], told["totalKeysExamined"]) == (20, 20, 20)
    assert len(await chat.storage.users.search([word], 20)) == 20
