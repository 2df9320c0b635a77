"""Signs users in at Vestibule and keeps Django's own session."""

import json
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.contrib.auth import get_user_model, logout


def call(path, body, request):
    """Returns the response, or None if Vestibule rejects the request; raises otherwise."""
    headers = {
        "Content-Type": "application/json",
        # Without this all users share the rate limits of one client.
        "X-Forwarded-For": request.META["REMOTE_ADDR"],
    }
    url = f"{settings.VESTIBULE_URL}/api/v1/auth/{path}"
    sent = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 422):
            return None
        raise


def keep(request, tokens):
    request.session["vestibule"] = {
        "refresh_token": tokens["refresh_token"],
        "until": time.time() + tokens["expires_in"],
    }


class Backend:
    """For AUTHENTICATION_BACKENDS. The form field `username` takes the email."""

    def authenticate(self, request, username=None, password=None):
        if request is None or not username or not password:
            return None
        tokens = call("signin", {"email": username, "password": password}, request)
        if tokens is None:
            return None
        keep(request, tokens)
        model = get_user_model()
        user, _ = model.objects.get_or_create(
            vestibule_id=tokens["user"]["id"],
            defaults={"username": tokens["user"]["id"], "email": tokens["user"]["email"]},
        )
        return user

    def get_user(self, user_id):
        return get_user_model().objects.filter(pk=user_id).first()


class Middleware:
    """Signs out users whose session has ended at Vestibule. After AuthenticationMiddleware."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        known = request.session.get("vestibule")
        if known and known["until"] < time.time():
            tokens = call("refresh", {"refresh_token": known["refresh_token"]}, request)
            if tokens is None:
                logout(request)
            else:
                keep(request, tokens)
        return self.get_response(request)
