"""All that this school has to do with the chat. Its people are known there by their primary key, classes as `class-5`."""

import logging

from chatserver_client import Chat, ChatError, Patience, Signer, host
from django.conf import settings
from django.core.cache import cache

log = logging.getLogger(__name__)

# Somebody waits for the page meanwhile; what is given up here, `manage.py chat_sync` makes up for.
chat = Chat(settings.CHAT_INNER_URL, settings.CHAT_KEY, patience=Patience(total_secs=3))
signer = Signer(settings.CHAT_HOST_SECRET)


def sub(user):
    return str(user.pk)


def profile(user):
    role = "teacher" if user.teaches.exists() else "pupil"
    return {"name": user.get_full_name() or user.get_username(), "role": role}


def token(user):
    """For the page of somebody who is signed in here: good for five minutes."""
    return signer.mint(sub(user), **profile(user))


def put_user(user):
    if user.is_active:
        chat.do(host.users.put(sub(user), **profile(user)))
        chat.do(host.users.activate(sub(user)))
    else:
        chat.do(host.users.put(sub(user), **profile(user)))
        chat.do(host.users.deactivate(sub(user)))


def delete_user(sub):
    chat.do(host.users.delete(sub))


def put_class(school_class):
    """Its conversation has exactly its members afterwards, whoever was in it before."""
    members = list(school_class.members())
    for start in range(0, len(members), 100):
        people = [{"sub": sub(user), **profile(user)} for user in members[start : start + 100]]
        for one in chat.do(host.users.put_many(people))["results"]:
            if one["code"] is not None:
                log.error("the chat refused user %s: %s", one["sub"], one["detail"])
    wanted = {"title": school_class.name, "members": [sub(user) for user in members], "mode": "exact"}
    for one in chat.do(host.conversations.put(school_class.external_id, **wanted))["refused"]:
        log.error("the chat did not take user %s into %s: %s", one["sub"], school_class, one["detail"])


def close_class(external_id):
    chat.do(host.conversations.close(external_id))


def sign_out(user):
    """Of the chat, on all devices."""
    chat.do(host.users.end_sessions(sub(user)))


def unread(user):
    """For the navigation bar. While nothing changed the chat answers with next to nothing."""
    key = f"chat-unread-{user.pk}"
    known = cache.get(key)
    try:
        now = chat.do(host.users.unread(sub(user), known and known.etag)) or known
    except ChatError as error:
        log.warning("what is unread cannot be had: %s", error)
        return known.total_unread if known else 0
    cache.set(key, now, timeout=None)
    return now.total_unread


def in_templates(request):
    return {"CHAT_URL": settings.CHAT_URL}
