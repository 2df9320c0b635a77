"""A person's whole way through the API, with the client that openapi-python-client makes of the document.

mypy is half of the test: what the document does not promise cannot be read here.
The service runs with `--dev`, so that the mailed link can be had; ACCOUNTS_URL says where.
"""

import os
import re
import time
import unittest
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from vestibule_client import AuthenticatedClient, Client
from vestibule_client.api.authentication import (
    change_password,
    end_session,
    forgot_password,
    get_current_user,
    list_sessions,
    refresh,
    reset_password,
    sign_in,
    sign_out,
    sign_up,
)
from vestibule_client.api.password_reset import verify_password_reset
from vestibule_client.models import (
    ChangePasswordRequest,
    ForgotPasswordRequest,
    MessageResponse,
    Problem,
    RefreshRequest,
    ResetPasswordRequest,
    SessionsResponse,
    SignInRequest,
    SignUpRequest,
    TokenResponse,
    UserResponse,
    VerifyResponse,
)
from vestibule_client.types import UNSET, Response, Unset

BASE = os.environ["ACCOUNTS_URL"]

FIRST = "correct horse battery"
SECOND = "a whole new password"
THIRD = "and yet another one"
PATIENCE = 20.0
BETWEEN_LOOKS = 0.025

Body = TypeVar("Body")


def mailed_token(email: str) -> str:
    """The token of the newest link mailed to somebody, as soon as there is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        # No part of the document.
        mails = httpx.get(f"{BASE}/dev/mail.json").json()
        texts = "\n".join(mail["text"] for mail in mails if mail["to"] == email)
        tokens: list[str] = re.findall(r"/reset-password\?token=(\S+)", texts)
        if tokens:
            return tokens[-1]
        time.sleep(BETWEEN_LOOKS)
    raise TimeoutError(f"no link was mailed to {email}")


class Journey(unittest.TestCase):
    def setUp(self) -> None:
        # A status that the document does not know is an exception.
        self.visitor = self.enterContext(Client(base_url=BASE, raise_on_unexpected_status=True))

    def signed_in_with(self, tokens: TokenResponse) -> AuthenticatedClient:
        client = AuthenticatedClient(
            base_url=BASE, token=tokens.access_token, raise_on_unexpected_status=True
        )
        return self.enterContext(client)

    def sign_up(self, username: str, password: str = FIRST) -> Response[Problem | TokenResponse]:
        email = f"{username}@example.com"
        body = SignUpRequest(email=email, username=username, password=password)
        return sign_up.sync_detailed(client=self.visitor, body=body)

    def sign_in(self, username: str, password: str) -> Response[Problem | TokenResponse]:
        body = SignInRequest(email=f"{username}@example.com", password=password)
        return sign_in.sync_detailed(client=self.visitor, body=body)

    def body(self, answer: Response[Problem | Body], status: int, kind: type[Body]) -> Body:
        """The body of an answer with this status and no other, of a kind the document promises."""
        self.assertEqual(answer.status_code, status, answer.content)
        assert isinstance(answer.parsed, kind)
        return answer.parsed

    def nothing(self, answer: Response[Any]) -> None:
        """An answer without a body."""
        self.assertEqual(answer.status_code, HTTPStatus.NO_CONTENT, answer.content)
        self.assertEqual(answer.content, b"")

    def problem(self, answer: Response[Any], status: int, code: str) -> Problem:
        """The problem in an answer with this status and code."""
        problem = answer.parsed
        assert isinstance(problem, Problem)
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(problem.status, status)
        self.assertEqual(problem.code, code)
        self.assertEqual(problem.request_id, answer.headers["X-Request-Id"])
        return problem

    def test_an_account_is_opened_used_lost_recovered_and_left(self) -> None:
        email = "anna.py@example.com"
        opened = self.body(self.sign_up("anna.py"), 201, TokenResponse)
        self.assertEqual(opened.token_type, "bearer")
        self.assertEqual(opened.user.email, email)

        tokens = self.body(self.sign_in("anna.py", FIRST), 200, TokenResponse)
        anna = self.signed_in_with(tokens)
        me = self.body(get_current_user.sync_detailed(client=anna), 200, UserResponse)
        self.assertEqual(me.to_dict(), opened.user.to_dict())
        self.assertFalse(me.is_admin)

        listed = self.body(list_sessions.sync_detailed(client=anna), 200, SessionsResponse)
        self.assertEqual(len(listed.sessions), 2)
        [other] = [session for session in listed.sessions if not session.current]
        self.nothing(end_session.sync_detailed(other.id, client=anna))
        ended = get_current_user.sync_detailed(client=self.signed_in_with(opened))
        self.problem(ended, 401, "unauthenticated")

        spent = RefreshRequest(refresh_token=tokens.refresh_token)
        tokens = self.body(
            refresh.sync_detailed(client=self.visitor, body=spent), 200, TokenResponse
        )
        self.assertNotEqual(tokens.refresh_token, spent.refresh_token)
        anna = self.signed_in_with(tokens)

        def change(old: str) -> Response[MessageResponse | Problem]:
            body = ChangePasswordRequest(old_password=old, new_password=SECOND)
            return change_password.sync_detailed(client=anna, body=body)

        self.problem(change(THIRD), 400, "incorrect_password")
        self.body(change(FIRST), 200, MessageResponse)
        self.problem(self.sign_in("anna.py", FIRST), 401, "invalid_credentials")

        forgotten = forgot_password.sync_detailed(
            client=self.visitor, body=ForgotPasswordRequest(email=email)
        )
        self.assertTrue(self.body(forgotten, 200, MessageResponse).message)
        token = mailed_token(email)

        def verify() -> bool:
            answer = verify_password_reset.sync_detailed(client=self.visitor, token=token)
            return self.body(answer, 200, VerifyResponse).valid

        def reset(new: str) -> Response[MessageResponse | Problem]:
            body = ResetPasswordRequest(token=token, new_password=new)
            return reset_password.sync_detailed(client=self.visitor, body=body)

        self.assertTrue(verify())
        self.body(reset(THIRD), 200, MessageResponse)
        self.assertFalse(verify())
        self.problem(reset(FIRST), 400, "invalid_token")
        self.problem(get_current_user.sync_detailed(client=anna), 401, "unauthenticated")

        tokens = self.body(self.sign_in("anna.py", THIRD), 200, TokenResponse)
        anna = self.signed_in_with(tokens)
        self.nothing(sign_out.sync_detailed(client=anna))
        self.problem(get_current_user.sync_detailed(client=anna), 401, "unauthenticated")
        over = refresh.sync_detailed(
            client=self.visitor, body=RefreshRequest(refresh_token=tokens.refresh_token)
        )
        self.problem(over, 401, "invalid_refresh_token")

    def test_a_wrong_password_is_a_problem_with_a_code_and_without_fields(self) -> None:
        self.body(self.sign_up("bert.py"), 201, TokenResponse)
        wrong = self.problem(self.sign_in("bert.py", SECOND), 401, "invalid_credentials")
        self.assertEqual(wrong.type_, "about:blank")
        self.assertTrue(wrong.title and wrong.detail)
        self.assertIs(wrong.errors, UNSET)

    def test_every_field_that_breaks_a_rule_is_named(self) -> None:
        wrong = self.problem(self.sign_up("carl py", "short"), 422, "invalid_input")
        assert not isinstance(wrong.errors, Unset)
        broken = sorted(f"{error.field} {error.code}" for error in wrong.errors)
        expected = [
            "email email_format",
            "password password_too_short",
            "username username_characters",
        ]
        self.assertEqual(broken, expected)
        self.assertTrue(all(error.detail for error in wrong.errors))


if __name__ == "__main__":
    unittest.main(verbosity=2)
