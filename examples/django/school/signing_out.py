"""Whoever has signed out here is signed out of the chat, in all pages that are open."""

from school import chat
from school.signals import tell


class SigningOut:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if (user := getattr(request, "signed_out", None)) is not None:
            tell(chat.sign_out, user)
        return response
