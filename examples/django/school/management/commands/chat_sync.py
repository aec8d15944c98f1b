from chatserver_client import ChatError
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from school import chat
from school.models import SchoolClass


class Command(BaseCommand):
    help = "Tells the chat of all people and classes anew: once at the beginning, then every night."

    def handle(self, **_):
        try:
            for user in get_user_model().objects.order_by("pk"):
                chat.put_user(user)
            for one in SchoolClass.objects.order_by("pk"):
                chat.put_class(one)
        except ChatError as error:
            raise CommandError(f"the chat did not take it, run this again: {error}") from None
