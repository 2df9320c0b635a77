"""Verifies access tokens of Vestibule, without a request to it for each token."""
import base64, datetime, http.client, json, logging, re, socket, threading, time, urllib.parse
import pyseto

FOOTER = re.compile(rb'\{"kid":"(k4\.pid\.[A-Za-z0-9_-]{44})"\}')
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
TRUSTED = re.compile(r"https://.+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/.*)?")
SKEW = 60  # tolerated clock difference in seconds
MIN_INTERVAL = 4  # seconds between key requests; a new key is used after 5
MAX_AGE = 300  # seconds until keys are fetched again
MAX_OFFLINE = 86_400  # seconds for which keys are used while Vestibule is unreachable
TIMEOUT = 5  # seconds to connect, and again for the whole response
MAX_BYTES = 1024 * 1024  # of a response

class Refused(Exception): """401 with WWW-Authenticate: Bearer error="invalid_token"."""
class Unavailable(Exception): """503 with Retry-After: no keys."""
class Status(Exception): """An unexpected status of a response."""

class Verifier:
    """Thread-safe. `url` is the URL of Vestibule, if it is not the issuer."""
    def __init__(self, issuer, audience, url=None, longest_life=86_400, clock=time.time):
        self.issuer, self.audience, self.url = issuer, audience, (url or issuer).rstrip("/")
        if not TRUSTED.fullmatch(self.url):
            raise ValueError("https is required: keys could be replaced in transit")
        self.longest_life, self.clock = longest_life, clock  # set to `tokens.access_ttl`
        self.feed_at = float("-inf")  # time.monotonic() of the last successful poll
        self._keys, self._keys_at, self._next_fetch = {}, float("-inf"), float("-inf")
        self._failed = False  # True if the last key request failed
        self._lock = threading.Lock()  # held during a key request
        self._ended = {}  # sessions and when they were received

    def verify(self, token):
        """Returns the claims of a valid token."""
        try:
            claims, issued, begins, ends = self._read(token)
        except (pyseto.PysetoError, ValueError, KeyError, TypeError) as error:
            raise Refused("malformed token, unknown key or invalid signature") from error
        now = self.clock()
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise Refused("wrong issuer or audience")
        if not (0 < ends - issued <= self.longest_life and ends > now - SKEW):
            raise Refused("expired, or lifetime too long")
        if max(issued, begins) > now + SKEW:
            raise Refused("not valid yet")
        if claims["sid"] in self._ended:
            raise Refused("the session has ended")
        return claims

    def follow_revocations(self, interval=2.0):
        """Polls for ended sessions in a daemon thread."""
        threading.Thread(target=self._follow, args=(interval,), daemon=True).start()

    def _read(self, token):
        if not isinstance(token, str) or len(token) > 4096:
            raise ValueError("not a token")
        body, footer = (base64.urlsafe_b64decode(part + "==") for part in token.split(".")[2:])
        canonical = f"v4.public.{_base64url(body)}.{_base64url(footer)}"
        if token != canonical:  # pyseto accepts others
            raise ValueError("malformed token")
        key = self._key(FOOTER.fullmatch(footer)[1].decode())
        assertion = f"vestibule/v1|access|{self.issuer}"
        claims = json.loads(pyseto.decode(key, token, implicit_assertion=assertion).payload)
        if not all(ID.fullmatch(claims[name]) for name in ("sub", "sid", "jti")):
            raise ValueError("malformed id")
        return claims, *(_time(claims[name]) for name in ("iat", "nbf", "exp"))

    def _key(self, kid):
        age = time.monotonic() - self._keys_at
        if age >= MAX_OFFLINE:  # without any keys, all threads wait for the request
            self._refresh(wait=True)
        elif kid not in self._keys or (age >= MAX_AGE and not self._failed):
            self._refresh()  # others do not wait: forged tokens cost nothing
        elif age >= MAX_AGE and time.monotonic() >= self._next_fetch and not self._lock.locked():
            threading.Thread(target=self._refresh, daemon=True).start()
        if time.monotonic() - self._keys_at >= MAX_OFFLINE:
            raise Unavailable("no keys")
        return self._keys[kid]

    def _refresh(self, wait=False):
        if self._lock.acquire(blocking=wait):
            try:
                if time.monotonic() >= self._next_fetch:
                    self._fetch(time.monotonic())
            finally:
                self._lock.release()

    def _fetch(self, now):
        self._next_fetch = now + MIN_INTERVAL
        try:
            listed = self._get("/.well-known/paseto-keys")["keys"]
            ours = [k for k in listed if k["use"] == "access" and k["key"].startswith("k4.public.")]
            keys = {k["kid"]: pyseto.Key.from_paserk(k["key"]) for k in ours}
            if not keys or any(key.to_paserk_id() != kid for kid, key in keys.items()):
                raise ValueError("no access token key, or a damaged one")
            self._keys, self._keys_at, self._failed = keys, now, False
        except Exception as error:
            self._next_fetch, self._failed = time.monotonic() + MIN_INTERVAL, True
            logging.warning("cannot fetch keys: %r", error)

    def _follow(self, interval):
        since = ""
        while True:
            more = False
            try:
                started = time.monotonic()
                page = self._get("/api/v1/revocations" + since)
                oldest = started - self.longest_life - 2 * SKEW  # in case this clock is behind
                alive = {session: at for session, at in self._ended.items() if at > oldest}
                self._ended = alive | dict.fromkeys(page["sessions"], time.monotonic())
                since = "?since=" + urllib.parse.quote(page["next"], safe="")
                more = page.get("more")
                if not more:
                    self.feed_at = started
            except Exception as error:
                if isinstance(error, Status) and error.args[0] in (400, 404, 410, 422):
                    since = ""  # the cursor may be invalid; receiving a session twice is harmless
                logging.warning("cannot fetch ended sessions: %r", error)
            if not more:
                time.sleep(interval)

    def _get(self, path):
        at = urllib.parse.urlsplit(self.url)
        tls = at.scheme == "https"
        kind = http.client.HTTPSConnection if tls else http.client.HTTPConnection
        connection = kind(at.netloc, timeout=TIMEOUT)
        connection.connect()
        # The timeout is per read, this timer for the whole response. `shutdown` of a TLS socket
        # would continue to read without TLS, so call that of the plain socket.
        what = (connection.sock, socket.SHUT_RDWR)
        end = threading.Timer(TIMEOUT, socket.socket.shutdown, what)
        end.daemon = True
        end.start()
        try:
            connection.request("GET", at.path + path)
            with connection.getresponse() as answer:
                text = answer.read(MAX_BYTES)
            if answer.status != 200:  # redirects are not followed
                raise Status(answer.status)
            return json.loads(text)  # fails if it was longer
        finally:
            end.cancel()
            connection.close()

def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def _time(text):
    if not TIME.fullmatch(text):
        raise ValueError("malformed time")
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()
