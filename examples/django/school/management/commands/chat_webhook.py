from chatserver_client import ChatError, host
from django.core.management.base import BaseCommand, CommandError

from school.chat import chat

EVENTS = ["message.created", "message.updated", "message.deleted"]


class Command(BaseCommand):
    help = (
        "Has the chat tell this address of messages. Prints the secret for CHAT_WEBHOOK_SECRETS, this once."
    )

    def add_arguments(self, parser):
        parser.add_argument("url", help="where /chat/events/ of this site is reached from the chat")

    def handle(self, url, **_):
        try:
            self.stdout.write(chat.do(host.webhooks.create(url, EVENTS))["secret"])
        except ChatError as error:
            raise CommandError(str(error)) from None
