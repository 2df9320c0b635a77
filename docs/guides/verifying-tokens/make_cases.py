"""Prints cases.json: valid and invalid tokens, signed with a public test key.

The key is that of the official PASETO test vectors. `python make_cases.py > cases.json`
"""

import base64
import json

import pyseto
from pyseto.utils import pae

SECRET = "k4.secret.tMv7Q99M4hByfZU-SnEzB_oZu32fhQQUONnhG5QqN3Qeudu7vAR8A_1wYE4AcfCYfhayi3VyJcEfAEFdDiCxog"
KEY = "k4.public.Hrnbu7wEfAP9cGBOAHHwmH4Wsot1ciXBHwBBXQ4gsaI"
KID = "k4.pid.yh4-bJYjOYAG6CWy0zsfPmpKylxS7uAWrxqVmBN2KAiJ"
OTHER = "k4.pid." + "B" * 44
ISSUER, AUDIENCE = "https://id.example.com", "https://api.example.com"
ASSERTION = f"vestibule/v1|access|{ISSUER}"
NOW = "2026-09-01T12:00:00Z"
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "0198c7f2-1111-7111-8111-111111111111",
    "sid": "0198c7f2-2222-7222-8222-222222222222",
    "iat": NOW,
    "nbf": NOW,
    "exp": "2026-09-01T12:15:00Z",
    "jti": "0198c7f2-3333-7333-8333-333333333333",
}
secret = pyseto.Key.from_paserk(SECRET)
cases = []


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forge(payload, footer=f'{{"kid":"{KID}"}}', assertion=ASSERTION, header="v4.public."):
    payload, footer = payload.encode(), footer.encode()
    message = pae([header.encode(), payload, footer, assertion.encode()])
    token = header + b64(payload + secret._key.sign(message))
    return f"{token}.{b64(footer)}" if footer else token


def compact(claims):
    return json.dumps(claims, separators=(",", ":"))


def case(name, token, good=False, now=NOW):
    cases.append({"name": name, "token": token, "now": now, "good": good})


def claims(name, good=False, now=NOW, **changed):
    said = {key: value for key, value in (CLAIMS | changed).items() if value is not ...}
    case(name, forge(compact(said)), good, now)


claims("as Vestibule writes it", good=True)
claims("an unknown claim", good=True, later="more")
for seconds, now in [(-60, "2026-09-01T11:59:00Z"), (959, "2026-09-01T12:15:59Z")]:
    claims(f"at the edge of the leeway, {seconds} s", good=True, now=now)
for seconds, now in [(-61, "2026-09-01T11:58:59Z"), (961, "2026-09-01T12:16:01Z")]:
    claims(f"beyond the leeway, {seconds} s", now=now)
claims("nbf in the future", nbf="2026-09-01T12:02:00Z")
claims("iat in the future", iat="2026-09-01T12:02:00Z")
claims("a life of a day", good=True, exp="2026-09-02T12:00:00Z")
claims("a life of more than a day", exp="2026-09-02T12:00:01Z")
claims("exp before iat", iat="2026-09-01T12:00:30Z", exp="2026-09-01T12:00:29Z")
claims("another issuer", iss="https://id.example.com/")
claims("another audience", aud="https://other.example.com")
claims("a list of audiences", aud=[AUDIENCE])
for name in CLAIMS:
    claims(f"without {name}", **{name: ...})
    claims(f"{name} is a number", **{name: 1788264000})
    claims(f"{name} is null", **{name: None})
for name in ("sub", "sid", "jti"):
    claims(f"{name} in upper case", **{name: "0198C7F2-ABCD-7111-8111-111111111111"})
    claims(f"{name} without hyphens", **{name: "0198c7f2111171118111111111111111"})
    claims(f"{name} is a list", **{name: [CLAIMS[name]]})
for name in ("iat", "nbf", "exp"):
    for text in ("2026-09-01T12:10:00+00:00", "2026-09-01T12:10:00.5Z", "2026-09-01 12:10:00Z",
                 "2026-13-01T12:10:00Z", "2026-09-31T12:10:00Z", "1788264600", ""):
        late = {"iat": "2026-09-01T12:10:00Z", "nbf": "2026-09-01T12:10:00Z"}
        claims(f"{name} spelled {text!r}", now="2026-09-01T12:11:00Z", **(late | {name: text}))
good = forge(compact(CLAIMS))
body, footer = good.split(".")[2:]
case("signed as a reset token", forge(compact(CLAIMS), assertion=ASSERTION.replace("access", "reset")))
case("signed for another issuer", forge(compact(CLAIMS), assertion=ASSERTION + "/"))
case("signed without an assertion", forge(compact(CLAIMS), assertion=""))
case("signed as v2.public", forge(compact(CLAIMS), header="v2.public."))
case("v2 in front", good.replace("v4.", "v2."))
case("v4.local in front", good.replace("public", "local"))
case("no footer", forge(compact(CLAIMS), footer=""))
case("the footer taken away", f"v4.public.{body}")
case("an unknown key", forge(compact(CLAIMS), footer=f'{{"kid":"k4.pid.{"A" * 44}"}}'))
case("a key for something else", forge(compact(CLAIMS), footer=f'{{"kid":"{OTHER}"}}'))
for text in (f'{{"kid": "{KID}"}}', f'{{"kid":"{KID}","a":1}}', KID, f'{{"kid":"{KID}"}}\n', "{}", "[]"):
    case(f"the footer {text!r}", forge(compact(CLAIMS), footer=text))
case("a list for the claims", forge(compact([CLAIMS])))
case("no JSON", forge("claims"))
case("no claims", forge("{}"))
case("longer than 4096 bytes", forge(compact(CLAIMS | {"later": "x" * 4000})))
case("padding", good + "=")
case("a fifth part", good + ".AAAA")
case("a space before", " " + good)
case("a line break behind", good + "\n")
case("empty", "")
# The last digit has unused bits, which pyseto and many decoders ignore.
for place, part in (("body", body), ("footer", footer)):
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(part) % 4:
        other = part[:-1] + digits[digits.index(part[-1]) + 1]
        case(f"another spelling of the {place}", good.replace(part, other))
    case(f"a foreign digit in the {place}", good.replace(part, part[:8] + "!" + part[8:]))
    case(f"standard base64 in the {place}", good.replace(part, part.replace("-", "+").replace("_", "/") + "+"))
for place in range(0, len(good), 7):
    case(f"damage at {place}", good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :])
document = {"keys": [
    {"kid": OTHER, "key": KEY, "use": "reset"},
    {"kid": "k9.pid.later", "key": "k9.public.later", "use": "access"},
    {"kid": KID, "key": KEY, "use": "access"},
]}
print(json.dumps({"issuer": ISSUER, "audience": AUDIENCE, "keys": document, "cases": cases}, indent=1))
