"""A small school. What concerns the chat stands at the end."""

import os
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get("DJANGO_SECRET_KEY", "only for trying it out")
DEBUG = os.environ.get("DJANGO_DEBUG", "1") == "1"
ALLOWED_HOSTS = os.environ.get("DJANGO_HOSTS", "localhost,127.0.0.1").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "school",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "school.csp.ContentSecurityPolicy",
    "school.signing_out.SigningOut",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "school.chat.in_templates",
            ]
        },
    }
]
ROOT_URLCONF = "school.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DJANGO_DB", BASE / "db.sqlite3"),
    }
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
USE_TZ = True

# Where browsers reach the chat, and where this server does: the same unless you have a way inside.
CHAT_URL = os.environ.get("CHAT_URL", "http://127.0.0.1:8888").rstrip("/")
CHAT_INNER_URL = os.environ.get("CHAT_INNER_URL", CHAT_URL)
# `chatserver key create --name school --scope users:read --scope users:write --scope conversations:write`
CHAT_KEY = os.environ.get("CHAT_KEY", "")
# The chat's setting host_secret: signs people in.
CHAT_HOST_SECRET = os.environ.get("CHAT_HOST_SECRET", "")
# From `manage.py chat_webhook https://…/chat/events/`; during a rotation two, with a comma.
CHAT_WEBHOOK_SECRETS = [one for one in os.environ.get("CHAT_WEBHOOK_SECRETS", "").split(",") if one]
