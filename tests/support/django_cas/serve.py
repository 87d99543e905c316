"""A CAS server for the tests: django-cas-server, with people from a JSON file.

    python serve.py configuration.json

Runs in an environment of its own (tests/cas-requirements.txt), where the tests' modules are not.
"""

import json
import secrets
import socketserver
import sys
import wsgiref.simple_server
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

configuration = json.loads(Path(sys.argv[1]).read_text())

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(32),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    STATIC_URL="/static/",
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": configuration["database"]}
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "cas_server",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    # Nobody is guarded by these passwords.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    USE_TZ=True,
    # It would ask the package index for newer versions.
    CAS_NEW_VERSION_HTML_WARNING=False,
    CAS_NEW_VERSION_EMAIL_WARNING=False,
    CAS_SHOW_SERVICE_MESSAGES=False,
)
django.setup()

urlpatterns = [path("cas/", include("cas_server.urls", namespace="cas_server"))]


def fill() -> None:
    """Once: a database that is there already goes on."""
    from cas_server.models import ReplaceAttributName, ServicePattern
    from django.contrib.auth.models import User

    call_command("migrate", verbosity=0)
    if User.objects.exists():
        return
    for name, attributes in configuration["people"].items():
        User.objects.create_user(name, password=configuration["password"], **attributes)
    service = ServicePattern.objects.create(
        name="Latchkey", pattern=r"^http://127\.0\.0\.1:\d+/account/", single_log_out=True
    )
    for name in ("email", "first_name"):
        ReplaceAttributName.objects.create(name=name, service_pattern=service)


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True
    allow_reuse_port = True


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


fill()
wsgiref.simple_server.make_server(
    "127.0.0.1", configuration["port"], get_wsgi_application(), Server, Handler
).serve_forever()
