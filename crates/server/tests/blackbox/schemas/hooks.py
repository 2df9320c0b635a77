"""What schemathesis cannot know from the document.

Who it is, and how to go on being it; what lies behind the form of a value, for otherwise nearly all
it says would be refused; and that mail goes to an SMTP server of this machine only.
`VESTIBULE_SCHEMAS` holds what the test tells: JSON.
"""

import itertools
import json
import os

import requests
import schemathesis

TOLD = json.loads(os.environ["VESTIBULE_SCHEMAS"])
PASSWORD = TOLD["password"]

# What a document can say of a value is its form. That an address is one, that a password is long
# enough and not common, or that a token is alive, is said by these codes, and by no other may
# a value of the documented form be refused.
BEYOND_FORM = {
    "email_format",
    "email_too_long",
    "email_taken",
    "username_taken",
    "password_too_short",
    "password_too_long",
    "password_common",
    "password_personal",
    "password_reused",
    "incorrect_password",
    "invalid_token",
    "own_account",
    "mail_not_set_up",
    "host_format",
    "relay_credentials",
    "relay_password_required",
    "relay_unencrypted",
    "from_address_ascii",
    "from_name_format",
}

ADDRESSES = ("email", "from_address", "to")
CHOSEN = ("password", "new_password")

numbers = itertools.count()


def post(path, body):
    answer = requests.post(TOLD["url"] + path, json=body, timeout=60)
    assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


def new_user():
    """An account that no other request uses, signed in."""
    name = f"{TOLD['role']}-{next(numbers)}"
    body = {"email": f"{name}@example.com", "username": name, "password": PASSWORD}
    return post("/api/v1/auth/signup", body)


class Caller:
    """The account whose turn it is, signed in until a request ends that."""

    token = None

    @classmethod
    def sign_in(cls):
        if cls.token is None:
            body = {"email": TOLD["account"], "password": PASSWORD}
            cls.token = post("/api/v1/auth/signin", body)["access_token"]
        return cls.token

    @classmethod
    def forget(cls, token):
        if cls.token == token:
            cls.token = None


if TOLD["account"]:

    @schemathesis.auth(refresh_interval=None)
    class Bearer:
        def get(self, case, context):
            return Caller.sign_in()

        def set(self, case, data, context):
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"


def is_as_documented(case):
    return case.meta is None or case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    """Every second request that is as documented is made one that can succeed."""
    operation = case.operation.definition.raw.get("operationId")
    if operation == "saveSmtpSettings":
        to_the_smtp_server(case.body)
    if is_as_documented(case) and next(numbers) % 2:
        if isinstance(case.body, dict):
            make_sense(operation, case.body)
        as_new_user(operation, case)
        about_new_user(operation, case)


def to_the_smtp_server(body):
    """Replaces reachable SMTP servers with the one of the test; the rest is refused as it is."""
    if not isinstance(body, dict):
        return
    host, port = body.get("host"), body.get("port")
    if isinstance(host, str) and 0 < len(host) <= 253:
        body["host"] = "127.0.0.1"
    if isinstance(port, (int, float)) and 1 <= port <= 65535:
        body["port"] = TOLD["smtp_port"]


def make_sense(operation, body):
    for name in ADDRESSES:
        if name in body:
            body[name] = f"{TOLD['role']}-{next(numbers)}@example.com"
    if operation == "signUp":
        body["username"] = f"{TOLD['role']}-{next(numbers)}"
    if operation == "signIn":
        body.update(email=TOLD["known"], password=PASSWORD)
    if operation == "refresh":
        known = {"email": TOLD["known"], "password": PASSWORD}
        body["refresh_token"] = post("/api/v1/auth/signin", known)["refresh_token"]
    if operation in ("resetPassword", "submitPasswordReset") and TOLD["resets"]:
        body["token"] = TOLD["resets"].pop()
    if operation == "saveSmtpSettings":
        body.update(security="none", username=None, password=None, from_name="Vestibule")
    for name in CHOSEN:
        if operation not in ("signIn", "saveSmtpSettings") and name in body:
            body[name] = f"{next(numbers)} is a number"


def as_new_user(operation, case):
    """Who signs out, ends sessions or changes a password ends nothing that others need."""
    ends = ("signOut", "endOtherSessions", "endSession", "changePassword")
    is_signed_in = "Authorization" in (case.headers or {})
    if operation not in ends or not TOLD["account"] or not is_signed_in:
        return
    token = new_user()["access_token"]
    case.headers["Authorization"] = f"Bearer {token}"
    if operation == "changePassword" and isinstance(case.body, dict):
        case.body["old_password"] = PASSWORD
    if operation == "endSession":
        sessions = ask("/api/v1/auth/sessions", token)["sessions"]
        case.path_parameters["id"] = sessions[0]["id"]


def about_new_user(operation, case):
    """An administrator acts on an existing user."""
    if TOLD["role"] != "admin":
        return
    if operation in ("updateUser", "deleteUser", "sendResetLink", "endUserSessions"):
        case.path_parameters["id"] = new_user()["user"]["id"]
    if operation == "resendMail":
        new_user()
        mails = ask("/api/v1/admin/mail", Caller.sign_in())["mails"]
        case.path_parameters["id"] = mails[0]["id"]


def ask(path, token):
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(TOLD["url"] + path, headers=headers, timeout=60)
    assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
    return answer.json()


@schemathesis.hook
def after_call(context, case, response):
    """Who is signed out signs in again."""
    token = (case.headers or {}).get("Authorization", "").removeprefix("Bearer ")
    if response.status_code == 401:
        Caller.forget(token)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Keeps every failure but a refusal for what is beyond the form of a value."""
    kind = type(failure).__name__
    if kind == "AcceptedNegativeData":
        # A text that is too long can make the body too large: that is a refusal as well.
        return response.status_code != 413
    if kind == "RejectedPositiveData":
        problem = response.json()
        codes = {error["code"] for error in problem.get("errors", [])} or {problem["code"]}
        return not codes <= BEYOND_FORM
    return True
