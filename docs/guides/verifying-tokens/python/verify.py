"""Verifies the access tokens of a Vestibule without asking it at every request."""
import base64, datetime, http.client, json, logging, re, socket, threading, time, urllib.parse
import pyseto

FOOTER = re.compile(rb'\{"kid":"(k4\.pid\.[A-Za-z0-9_-]{44})"\}')
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
TRUSTED = re.compile(r"https://.+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/.*)?")
SKEW = 60  # seconds by which the two clocks may differ
PAUSE = 4  # seconds from one request for keys to the next; a new key signs after 5
STALE = 300  # seconds until keys are asked for again
KEPT = 86_400  # seconds for which keys are used while Vestibule is away
PATIENCE = 5  # seconds for a connection, and as many for all of an answer
MOST = 1024 * 1024  # bytes of an answer

class Refused(Exception): """401 with WWW-Authenticate: Bearer error="invalid_token"."""
class Unavailable(Exception): """503 with Retry-After: there are no keys."""
class Status(Exception): """Vestibule answered with this status."""

class Verifier:
    """Threads may share one. `url` is where Vestibule is, if its issuer is no address."""
    def __init__(self, issuer, audience, url=None, longest_life=86_400, clock=time.time):
        self.issuer, self.audience, self.url = issuer, audience, (url or issuer).rstrip("/")
        if not TRUSTED.fullmatch(self.url):
            raise ValueError("without TLS, keys can be exchanged on the way")
        self.longest_life, self.clock = longest_life, clock  # better: the `tokens.access_ttl`
        self.feed_at = float("-inf")  # time.monotonic() of the last good look at ended sessions
        self._keys, self._keys_at, self._next_ask = {}, float("-inf"), float("-inf")
        self._failed = False  # whether the last request for keys did
        self._asking = threading.Lock()  # held during a request for keys
        self._ended = {}  # sessions, and when they were heard of

    def verify(self, token):
        """The claims of a good token."""
        try:
            claims, issued, begins, ends = self._read(token)
        except (pyseto.PysetoError, ValueError, KeyError, TypeError) as error:
            raise Refused("malformed token, unknown key, or a signature that fails") from error
        now = self.clock()
        if claims.get("iss") != self.issuer or claims.get("aud") != self.audience:
            raise Refused("another issuer or audience")
        if not (0 < ends - issued <= self.longest_life and ends > now - SKEW):
            raise Refused("expired, or too long a life")
        if max(issued, begins) > now + SKEW:
            raise Refused("not valid yet")
        if claims["sid"] in self._ended:
            raise Refused("the session has ended")
        return claims

    def follow_revocations(self, interval=2.0):
        """Follows the sessions that end, in a thread that ends with the process."""
        threading.Thread(target=self._follow, args=(interval,), daemon=True).start()

    def _read(self, token):
        if not isinstance(token, str) or len(token) > 4096:
            raise ValueError("no token")
        body, footer = (base64.urlsafe_b64decode(part + "==") for part in token.split(".")[2:])
        one_spelling = f"v4.public.{_base64url(body)}.{_base64url(footer)}"
        if token != one_spelling:  # pyseto would take others
            raise ValueError("malformed token")
        key = self._key(FOOTER.fullmatch(footer)[1].decode())
        assertion = f"vestibule/v1|access|{self.issuer}"
        claims = json.loads(pyseto.decode(key, token, implicit_assertion=assertion).payload)
        if not all(ID.fullmatch(claims[name]) for name in ("sub", "sid", "jti")):
            raise ValueError("malformed id")
        return claims, *(_moment(claims[name]) for name in ("iat", "nbf", "exp"))

    def _key(self, kid):
        age = time.monotonic() - self._keys_at
        if age >= KEPT:  # without any keys, everybody waits for the one who asks
            self._refresh(wait=True)
        elif kid not in self._keys or (age >= STALE and not self._failed):
            self._refresh()  # who asks waits; others do without: a stranger's token costs nothing
        elif age >= STALE and time.monotonic() >= self._next_ask and not self._asking.locked():
            threading.Thread(target=self._refresh, daemon=True).start()
        if time.monotonic() - self._keys_at >= KEPT:
            raise Unavailable("no keys")
        return self._keys[kid]

    def _refresh(self, wait=False):
        if self._asking.acquire(blocking=wait):
            try:
                if time.monotonic() >= self._next_ask:
                    self._ask(time.monotonic())
            finally:
                self._asking.release()

    def _ask(self, now):
        self._next_ask = now + PAUSE
        try:
            listed = self._get("/.well-known/paseto-keys")["keys"]
            ours = [k for k in listed if k["use"] == "access" and k["key"].startswith("k4.public.")]
            keys = {k["kid"]: pyseto.Key.from_paserk(k["key"]) for k in ours}
            if not keys or any(key.to_paserk_id() != kid for kid, key in keys.items()):
                raise ValueError("no key for access tokens, or a damaged one")
            self._keys, self._keys_at, self._failed = keys, now, False
        except Exception as error:
            self._next_ask, self._failed = time.monotonic() + PAUSE, True
            logging.warning("keys cannot be read: %r", error)

    def _follow(self, interval):
        since = ""
        while True:
            more = False
            try:
                asked = time.monotonic()
                page = self._get("/api/v1/revocations" + since)
                oldest = asked - self.longest_life - 2 * SKEW  # if this clock is behind
                alive = {session: at for session, at in self._ended.items() if at > oldest}
                self._ended = alive | dict.fromkeys(page["sessions"], time.monotonic())
                since = "?since=" + urllib.parse.quote(page["next"], safe="")
                more = page.get("more")
                if not more:
                    self.feed_at = asked
            except Exception as error:
                if isinstance(error, Status) and error.args[0] in (400, 404, 410, 422):
                    since = ""  # perhaps it was the cursor; to hear of a session twice does no harm
                logging.warning("ended sessions cannot be read: %r", error)
            if not more:
                time.sleep(interval)

    def _get(self, path):
        at = urllib.parse.urlsplit(self.url)
        tls = at.scheme == "https"
        kind = http.client.HTTPSConnection if tls else http.client.HTTPConnection
        connection = kind(at.netloc, timeout=PATIENCE)
        connection.connect()
        # The timeout is for each read, this for all of them. A TLS socket has a `shutdown` of its
        # own, after which it would read on without TLS.
        what = (connection.sock, socket.SHUT_RDWR)
        end = threading.Timer(PATIENCE, socket.socket.shutdown, what)
        end.daemon = True
        end.start()
        try:
            connection.request("GET", at.path + path)
            with connection.getresponse() as answer:
                text = answer.read(MOST)
            if answer.status != 200:  # no redirect is followed
                raise Status(answer.status)
            return json.loads(text)  # which fails if there is more of it
        finally:
            end.cancel()
            connection.close()

def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def _moment(text):
    if not MOMENT.fullmatch(text):
        raise ValueError("malformed moment")
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()
