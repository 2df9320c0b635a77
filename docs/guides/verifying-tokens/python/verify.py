"""Verifies the access tokens of a Vestibule without asking it at every request."""
import base64, datetime, json, logging, re, threading, time, urllib.parse, urllib.request
import pyseto

FOOTER = re.compile(rb'\{"kid":"(k4\.pid\.[A-Za-z0-9_-]{44})"\}')
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
TRUSTED = re.compile(r"https://.+|http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?(/.*)?")
SKEW = 60  # seconds by which the two clocks may differ
PAUSE = 4  # seconds from one request for keys to the next; a new key signs after 5
STALE = 300  # seconds until keys are asked for again
KEPT = 86_400  # seconds for which keys are used while Vestibule is away

class Refused(Exception): """401 with WWW-Authenticate: Bearer error="invalid_token"."""
class Unavailable(Exception): """503 with Retry-After: there are no keys."""

class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None

class Verifier:
    """Threads may share one. `url` is where Vestibule is, if its issuer is no address."""
    def __init__(self, issuer, audience, url=None, longest_life=86_400, clock=time.time):
        self.issuer, self.audience, self.url = issuer, audience, (url or issuer).rstrip("/")
        if not TRUSTED.fullmatch(self.url):
            raise ValueError("without TLS, keys can be exchanged on the way")
        self.longest_life, self.clock = longest_life, clock  # better: the `tokens.access_ttl`
        self.feed_at = float("-inf")  # time.monotonic() of the last good look at ended sessions
        self._http = urllib.request.build_opener(NoRedirects, urllib.request.ProxyHandler({}))
        self._keys, self._keys_at, self._next_ask = {}, float("-inf"), float("-inf")
        self._asking = threading.Lock()
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
        body, footer = (base64.urlsafe_b64decode(part + "==") for part in token.split(".")[2:])
        one_spelling = f"v4.public.{_base64url(body)}.{_base64url(footer)}"
        if len(token) > 4096 or token != one_spelling:  # pyseto would take others
            raise ValueError("malformed token")
        key = self._key(FOOTER.fullmatch(footer)[1].decode())
        assertion = f"vestibule/v1|access|{self.issuer}"
        claims = json.loads(pyseto.decode(key, token, implicit_assertion=assertion).payload)
        if not all(ID.fullmatch(claims[name]) for name in ("sub", "sid", "jti")):
            raise ValueError("malformed id")
        return claims, *(_moment(claims[name]) for name in ("iat", "nbf", "exp"))

    def _key(self, kid):
        age = time.monotonic() - self._keys_at
        missing = kid not in self._keys or age >= KEPT
        # One thread asks. Others wait for it only if they cannot do without.
        if (missing or age >= STALE) and self._asking.acquire(blocking=missing):
            try:
                self._refresh(time.monotonic())
            finally:
                self._asking.release()
        if time.monotonic() - self._keys_at >= KEPT:
            raise Unavailable("no keys")
        return self._keys[kid]

    def _refresh(self, now):
        if now < self._next_ask:
            return
        self._next_ask = now + PAUSE
        try:
            listed = self._get("/.well-known/paseto-keys")["keys"]
            ours = [k for k in listed if k["use"] == "access" and k["key"].startswith("k4.public.")]
            keys = {k["kid"]: pyseto.Key.from_paserk(k["key"]) for k in ours}
            if not keys or any(key.to_paserk_id() != kid for kid, key in keys.items()):
                raise ValueError("no key for access tokens, or a damaged one")
            self._keys, self._keys_at = keys, now
        except Exception as error:
            self._next_ask = time.monotonic() + PAUSE
            logging.warning("keys cannot be read: %r", error)

    def _follow(self, interval):
        since = ""
        while True:
            try:
                asked = time.monotonic()
                page = self._get("/api/v1/revocations" + since)
                oldest = asked - self.longest_life - SKEW
                alive = {session: at for session, at in self._ended.items() if at > oldest}
                self._ended = alive | dict.fromkeys(page["sessions"], time.monotonic())
                since = "?since=" + urllib.parse.quote(page["next"], safe="")
                if not page.get("more"):
                    self.feed_at = asked
            except Exception as error:
                since = ""  # perhaps it was the cursor; to hear of a session twice does no harm
                logging.warning("ended sessions cannot be read: %r", error)
            time.sleep(interval)

    def _get(self, path):
        with self._http.open(self.url + path, timeout=5) as answer:
            return json.load(answer)

def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def _moment(text):
    if not MOMENT.fullmatch(text):
        raise ValueError("malformed moment")
    return datetime.datetime.fromisoformat(text[:-1] + "+00:00").timestamp()
