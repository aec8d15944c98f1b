"""What a page may load: its own things, and the chat's."""

from django.conf import settings

POLICY = "; ".join(
    [
        "default-src 'self'",
        f"script-src 'self' {settings.CHAT_URL}",
        f"connect-src 'self' {settings.CHAT_URL}",
        f"img-src 'self' data: blob: {settings.CHAT_URL}",
        f"style-src 'self' {settings.CHAT_URL}",
        f"media-src 'self' blob: {settings.CHAT_URL}",
        "frame-ancestors 'none'",
        "form-action 'self'",
        "base-uri 'none'",
    ]
)


class ContentSecurityPolicy:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
