"""Tests verify.py with the tokens of cases.json, a faulty issuer, and a running Vestibule at
ACCOUNTS_URL if set. ACCOUNTS_ISSUER is its issuer and audience, if not the URL, and ROTATE_KEYS
the command that rotates its keys."""

import base64
import datetime
import http.server
import json
import logging
import os
import pathlib
import secrets
import subprocess
import sys
import threading
import time
import urllib.request

import verify
from verify import Refused, Unavailable, Verifier

passed, failed, untested = [], [], []


def check(name, holds, more=""):
    (passed if holds else failed).append(name)
    print(f"ok      {name}" if holds else f"FAILED  {name} {more}")


def skip(what, variable):
    untested.append(what)
    print(f"not tested: {what} ({variable} is not set)")


def outcome(verifier, token):
    """Returns the claims, or the kind of failure."""
    try:
        return verifier.verify(token)
    except Refused as error:
        return f"refused: {error}"
    except Unavailable:
        return "unavailable"


def refused(result):
    return isinstance(result, str) and result.startswith("refused")


def until(holds, pause=0.2):
    """Waits for at most 20 seconds until `holds` returns true."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(pause)
    return False


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


known = json.loads((pathlib.Path(__file__).parent.parent / "cases.json").read_text())
pages, queries = [], []  # responses with ended sessions, in order
state = {"status": 200, "body": known["keys"], "asked": 0, "slow": None}
released = threading.Event()  # key requests are answered when this is set
released.set()


class Issuer(http.server.BaseHTTPRequestHandler):
    """An issuer with configurable responses."""

    def do_GET(self):
        if self.path == "/.well-known/paseto-keys":
            state["asked"] += 1
            released.wait()
        status, body = 200 if self.path == "/elsewhere" else state["status"], state["body"]
        if self.path.startswith("/api/v1/revocations"):
            queries.append(self.path.removeprefix("/api/v1/revocations"))
            status, body = pages.pop(0) if len(pages) > 1 else pages[0]
        try:
            self.send_response(status)
            self.send_header("location", "/elsewhere")
            self.flush_headers()
            self.send_slowly("headers", b"slow: ", b"\r\n")
            self.end_headers()
            self.send_slowly("text")
            self.wfile.write(json.dumps(body).encode())
        except OSError:
            pass  # the client has disconnected

    def send_slowly(self, part, before=b"", after=b""):
        """Sends a byte at a time for four seconds."""
        if state["slow"] == part:
            self.wfile.write(before)
            for _ in range(80):
                self.wfile.write(b" ")
                time.sleep(0.05)
            self.wfile.write(after)

    def log_message(self, *_):
        pass


def known_tokens():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"

    def stub(now="2026-09-01T12:00:00Z"):
        moment = datetime.datetime.fromisoformat(now.replace("Z", "+00:00")).timestamp()
        return Verifier(known["issuer"], known["audience"], url, clock=lambda: moment)

    verifier, wrong = stub(), []
    for case in known["cases"]:
        verifier.clock = stub(case["now"]).clock
        if isinstance(outcome(verifier, case["token"]), dict) != case["good"]:
            wrong.append(case["name"])
    check(f"{len(known['cases'])} known tokens are judged correctly", not wrong, wrong)

    odd = [token for token in (None, 7, b"", [], "") if not refused(outcome(verifier, token))]
    check("values that are not tokens are refused", not odd, odd)

    good = known["cases"][0]["token"]
    body = good.split(".")[2]
    kids = ["k4.pid." + base64url(secrets.token_bytes(33)) for _ in range(50)]
    footers = [base64url(b'{"kid":"%s"}' % kid.encode()) for kid in kids]
    unknown_keys = [f"v4.public.{body}.{footer}" for footer in footers]
    fresh, answers = stub(), []
    state["asked"] = 0
    threads = [
        threading.Thread(target=lambda token=token: answers.append(outcome(fresh, token)))
        for token in [good, *unknown_keys]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("51 tokens at once cost one request for keys", state["asked"] == 1, state["asked"])
    outcome(fresh, unknown_keys[0])
    check("a token soon after costs no request", state["asked"] == 1, state["asked"])
    check("one of them is accepted", sum(not refused(result) for result in answers) == 1)

    logging.disable()
    renamed = known["keys"]["keys"][2] | {"kid": kids[0]}
    for name, status, reply in [
        ("returns 500", 500, known["keys"]),
        ("redirects", 302, known["keys"]),
        ("has no keys", 200, {"keys": []}),
        ("returns invalid JSON", 200, "nonsense"),
        ("has a key with a wrong id", 200, {"keys": [renamed]}),
        ("sends too much", 200, known["keys"] | {"more": " " * 1024 * 1024}),
    ]:
        state.update(status=status, body=reply)
        result = outcome(stub(), good)
        check(f"if the issuer {name}, tokens are not refused", result == "unavailable", result)
        fresh._next_fetch, state["asked"] = float("-inf"), 0
        outcome(fresh, unknown_keys[0])
        fresh._keys_at = time.monotonic() - 301
        result = outcome(fresh, good)
        check("… and old keys are used", isinstance(result, dict) and state["asked"] > 0, result)
    fresh._keys_at = time.monotonic() - 86_401
    check("… for a day", outcome(fresh, good) == "unavailable")
    state.update(status=200, body=known["keys"])
    fresh._next_fetch = float("-inf")
    check("keys are fetched again when the issuer recovers", isinstance(outcome(fresh, good), dict))

    released.clear()
    state["asked"], fresh._next_fetch = 0, float("-inf")
    first = threading.Thread(target=outcome, args=(fresh, unknown_keys[0]))
    first.start()
    until(lambda: state["asked"])
    result = outcome(fresh, unknown_keys[1])
    check("during a key request a token with an unknown key is refused", refused(result), result)
    check("… a valid token is accepted", isinstance(outcome(fresh, good), dict))
    fresh._keys_at = time.monotonic() - 301
    check("… with an old key, too", isinstance(outcome(fresh, good), dict))
    check("… and none of them waits", first.is_alive() and state["asked"] == 1)
    released.set()
    first.join()
    released.clear()
    state["asked"], fresh._next_fetch, fresh._failed = 0, float("-inf"), True
    fresh._keys_at = time.monotonic() - 301
    result = outcome(fresh, good)
    asked = until(lambda: state["asked"]) and fresh._lock.locked()
    check("after a failed key request tokens with an old key do not wait", asked, result)
    released.set()

    verify.TIMEOUT = 0.5
    for state["slow"] in ("headers", "text"):
        result = outcome(stub(), good)
        check(f"slow {state['slow']} time out", result == "unavailable", result)
    verify.TIMEOUT, state["slow"] = 5, None

    session = "0198c7f2-2222-7222-8222-222222222222"
    last = (200, {"sessions": [session], "next": "c", "more": False})
    pages[:] = [(200, {"sessions": [], "next": next, "more": True}) for next in ("a&b", "b")]
    pages.append(last)
    patient = stub()
    patient.follow_revocations(3600)
    check("a long list of ended sessions is read at once", until(lambda: patient.feed_at > 0))
    check("from its cursor", queries == ["", "?since=a%26b", "?since=b"], queries)
    order = [""]
    pages[:], queries[:] = [last], []
    for failure in ((400, {}), (404, {}), (410, {}), (422, {})):
        pages.extend([failure, last])
        order.extend(["?since=c", ""])
    for failure in ((429, {}), (500, {}), (503, {}), (200, "nonsense")):
        pages.extend([failure, last])
        order.extend(["?since=c", "?since=c"])
    follower = stub()
    follower.follow_revocations(0.01)
    until(lambda: len(queries) >= len(order))
    check("a cursor is kept unless it is refused", queries[: len(order)] == order, queries)
    check("an ended session is refused", refused(outcome(follower, good)))
    pages[:] = [(200, {"sessions": [], "next": "d", "more": False})]
    follower._ended = {session: time.monotonic() - 86_510}
    queries.clear()
    until(lambda: len(queries) > 2)
    check("… for the longest lifetime and clock difference", refused(outcome(follower, good)))
    follower._ended = {session: time.monotonic() - 86_521}
    forgotten = until(lambda: not refused(outcome(follower, good)))
    check("… and forgotten when all its tokens have expired", forgotten)
    follower._get = lambda _: pages[0][1]
    logging.disable(logging.NOTSET)
    server.shutdown()
    server.server_close()
    for address in ("http://id.example.com", "http://localhost.example.com", "id.example.com"):
        try:
            Verifier(address, address)
            check(f"keys are not fetched from {address}", False)
        except ValueError:
            check(f"keys are not fetched from {address}", True)


def live(url, issuer):
    def post(path, body=None, token=None):
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body:
            headers["content-type"] = "application/json"
        data = json.dumps(body).encode() if body else b""
        request = urllib.request.Request(url + path, data, headers, method="POST")
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    name = "py-" + secrets.token_hex(8)
    person = {"email": f"{name}@example.com", "password": secrets.token_urlsafe(18)}
    opened = post("/api/v1/auth/signup", person | {"username": name})
    token = opened["access_token"]

    def sign_in():
        return post("/api/v1/auth/signin", person)["access_token"]

    verifier = Verifier(issuer, issuer, url, longest_life=900)
    verifier.follow_revocations(0.5)
    result = outcome(verifier, token)
    own = isinstance(result, dict) and result["sub"] == opened["user"]["id"]
    check("a new token is accepted", own, result)

    _, _, body, footer = token.split(".")
    data = bytearray(base64.urlsafe_b64decode(body + "=="))
    data[10] ^= 1
    tampered = f"v4.public.{base64url(bytes(data))}.{footer}"
    check("a tampered token is refused", refused(outcome(verifier, tampered)))
    elsewhere = Verifier(issuer, "https://other.example.com", url)
    check("a verifier with another audience refuses it", refused(outcome(elsewhere, token)))
    other_issuer = Verifier("https://other.example.com", issuer, url)
    check("a verifier with another issuer refuses it", refused(outcome(other_issuer, token)))
    for when, seconds, holds in [
        ("a minute after it expired", 900 + 61, False),
        ("within the leeway", 900 + 55, True),
        ("before it was issued", -65, False),
    ]:
        clock = Verifier(issuer, issuer, url, clock=lambda seconds=seconds: time.time() + seconds)
        result = outcome(clock, token)
        expected = "accepted" if holds else "refused"
        check(f"{when} it is {expected}", refused(result) != holds, result)

    second = sign_in()
    check("a second session is accepted", not refused(outcome(verifier, second)))
    until(lambda: verifier.feed_at > 0)
    post("/api/v1/auth/signout", token=token)
    ended = until(lambda: outcome(verifier, token) == "refused: the session has ended")
    check("after the sign-out it is refused", ended)
    check("the second session is still accepted", not refused(outcome(verifier, second)))

    rotate = os.environ.get("ROTATE_KEYS")
    if not rotate:
        return skip("key rotation", "ROTATE_KEYS")
    subprocess.run(rotate, shell=True, check=True, stdout=subprocess.DEVNULL)
    tokens = []

    def has_another_key():
        tokens.append(sign_in())
        return tokens[-1].split(".")[3] != footer

    check("after a rotation new tokens use another key", until(has_another_key, 1))
    result = outcome(verifier, tokens[-1])
    check("such a token is accepted", not refused(result), result)
    check("those of the old key still are", not refused(outcome(verifier, second)))


known_tokens()
if os.environ.get("ACCOUNTS_URL"):
    url = os.environ["ACCOUNTS_URL"].rstrip("/")
    live(url, os.environ.get("ACCOUNTS_ISSUER") or url)
else:
    skip("a running Vestibule", "ACCOUNTS_URL")
print(f"{len(passed)} passed, {len(failed)} failed, {len(untested)} not tested")
sys.exit(bool(failed))
