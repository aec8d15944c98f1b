"""What changes here is told to the chat once it is committed. Where that fails the page goes on; the log says so."""

import logging
from functools import partial

from chatserver_client import ChatError
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver

from school import chat
from school.models import SchoolClass

log = logging.getLogger(__name__)


def tell(work, *given):
    transaction.on_commit(partial(_try, work, *given))


def _try(work, *given):
    try:
        work(*given)
    except ChatError as error:
        log.error("%s was not told to the chat, chat_sync will do it: %s", work.__name__, error)


@receiver(post_save, sender=get_user_model())
def user_changed(instance, update_fields, **_):
    if update_fields is None or set(update_fields) != {"last_login"}:
        tell(chat.put_user, instance)


@receiver(post_delete, sender=get_user_model())
def user_deleted(instance, **_):
    tell(chat.delete_user, chat.sub(instance))


@receiver(post_save, sender=SchoolClass)
def class_changed(instance, **_):
    tell(chat.put_class, instance)


@receiver(m2m_changed, sender=SchoolClass.teachers.through)
@receiver(m2m_changed, sender=SchoolClass.pupils.through)
def members_changed(instance, action, reverse, pk_set, **_):
    if action in ("post_add", "post_remove", "post_clear"):
        for one in SchoolClass.objects.filter(pk__in=pk_set or ()) if reverse else [instance]:
            tell(chat.put_class, one)


@receiver(post_delete, sender=SchoolClass)
def class_deleted(instance, **_):
    tell(chat.close_class, instance.external_id)


@receiver(user_logged_out)
def signed_out(request, user, **_):
    """Told to the chat once Django's session is gone (signing_out.py): until then an open page would get a new token."""
    if request is not None:
        request.signed_out = user
