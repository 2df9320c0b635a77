"""Writes vectors.txt: hashes in the notations of other systems, with their passwords.

Every line has a notation, a scheme, a password and a hash, separated by tabs. A hash is created with
the public interface of the library that defines the notation, and verified by that library before it
is written. If there is no such library for Python, the function of OpenSSL or of the C library is
used, and this script formats the result. Salts are random, so each run writes different hashes. The
script is not needed to build or to test.

    python3 -m venv venv
    venv/bin/pip install passlib==1.7.4 bcrypt==4.0.1 django==5.2.19 werkzeug==3.1.9 argon2-cffi==25.1.0
    venv/bin/python make_vectors.py > vectors.txt

It also needs `node`, and `crypt` of the C library. The lines of RustCrypto were created with its
crates `pbkdf2` and `scrypt` and the feature `phc`; keep them when you regenerate the others.
"""

import ctypes
import subprocess
import sys

import argon2
import bcrypt
import django
import passlib.hash
import werkzeug.security
from argon2.low_level import Type, hash_secret, verify_secret
from django.conf import settings

settings.configure()
django.setup()
from django.contrib.auth import hashers  # noqa: E402, only once it is set up

ASCII = "correct horse battery"
ACCENTS = "Zażółć gęślą jaźń ñ"
EMOJI = "🦀 пароль 密码"
LONG = "".join(f"{number:04}" for number in range(20))
WITH_NUL = "before\0after"
LIGATURE = "oﬃce ① ½ é"


def put(notation, scheme, password, text, verified=True):
    if not verified:
        sys.exit(f"{notation}: the library rejects its own hash")
    if isinstance(text, bytes):
        text = text.decode()
    print(notation, scheme, password.replace("\0", "\\0"), text, sep="\t")


def argon2_cffi():
    for name, kind in [("Argon2id", Type.ID), ("Argon2i", Type.I), ("Argon2d", Type.D)]:
        for password, lanes in [(ASCII, 1), (EMOJI, 8)]:
            hasher = argon2.PasswordHasher(2, 64, lanes, 32, 16, type=kind)
            text = hasher.hash(password)
            put("argon2-cffi", name, password, text, hasher.verify(text, password))
    secret = ACCENTS.encode()
    old = hash_secret(secret, b"0123456789abcdef", 3, 128, 2, 24, Type.I, version=16)
    put("argon2-cffi, version 16", "Argon2i", ACCENTS, old, verify_secret(old, secret, Type.I))
    oldest = old.replace(b"v=16$", b"")
    put("argon2-cffi, no version", "Argon2i", ACCENTS, oldest, verify_secret(oldest, secret, Type.I))


def bcrypt_itself():
    for password in [ASCII, ACCENTS, EMOJI, LONG, LONG[:72], LONG[:71], WITH_NUL]:
        text = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4))
        put("bcrypt", "Bcrypt", password, text, bcrypt.checkpw(password.encode(), text))
    text = bcrypt.hashpw(ACCENTS.encode(), bcrypt.gensalt(4, prefix=b"2a"))
    put("bcrypt", "Bcrypt", ACCENTS, text, bcrypt.checkpw(ACCENTS.encode(), text))
    libcrypt = ctypes.CDLL("libcrypt.so.1")
    libcrypt.crypt.restype = ctypes.c_char_p
    for variant in ["2a", "2b", "2y"]:
        for password in [EMOJI, LONG]:
            setting = f"${variant}$05$abcdefghijklmnopqrstuu".encode()
            put("libxcrypt", "Bcrypt", password, libcrypt.crypt(password.encode(), setting))


def passlib_itself():
    handlers = passlib.hash
    makers = [
        ("Bcrypt", handlers.bcrypt.using(rounds=4, ident="2y"), ACCENTS),
        ("BcryptSha256", handlers.bcrypt_sha256.using(rounds=4), ASCII),
        ("BcryptSha256", handlers.bcrypt_sha256.using(rounds=4), LONG),
        ("BcryptSha256", handlers.bcrypt_sha256.using(rounds=4, version=1), EMOJI),
        ("BcryptSha256", handlers.bcrypt_sha256.using(rounds=4, version=1, ident="2a"), ASCII),
        ("Scrypt", handlers.scrypt.using(rounds=6, block_size=8), ASCII),
        ("Scrypt", handlers.scrypt.using(rounds=5, block_size=4, parallelism=3), EMOJI),
        ("Pbkdf2Sha1", handlers.pbkdf2_sha1.using(rounds=50), ACCENTS),
        ("Pbkdf2Sha256", handlers.pbkdf2_sha256.using(rounds=51), ASCII),
        ("Pbkdf2Sha256", handlers.pbkdf2_sha256.using(rounds=52, salt=b"\xfb\xef\xbe" * 4), EMOJI),
        ("Pbkdf2Sha512", handlers.pbkdf2_sha512.using(rounds=53), LONG),
    ]
    for scheme, handler, password in makers:
        text = handler.hash(password)
        put("passlib", scheme, password, text, handler.verify(password, text))


class Cheap:
    """Django's hashers with low costs for fast tests."""

    class Argon2(hashers.Argon2PasswordHasher):
        time_cost, memory_cost, parallelism = 2, 64, 8

    class Bcrypt(hashers.BCryptPasswordHasher):
        rounds = 4

    class BcryptSha256(hashers.BCryptSHA256PasswordHasher):
        rounds = 4

    class Scrypt(hashers.ScryptPasswordHasher):
        work_factor = 64

    class Pbkdf2Sha256(hashers.PBKDF2PasswordHasher):
        iterations = 60

    class Pbkdf2Sha1(hashers.PBKDF2SHA1PasswordHasher):
        iterations = 61


def django_itself():
    makers = [
        ("Argon2id", Cheap.Argon2(), ASCII),
        ("Bcrypt", Cheap.Bcrypt(), ACCENTS),
        ("BcryptSha256", Cheap.BcryptSha256(), LONG),
        ("BcryptSha256", Cheap.BcryptSha256(), WITH_NUL),
        ("Scrypt", Cheap.Scrypt(), EMOJI),
        ("Pbkdf2Sha256", Cheap.Pbkdf2Sha256(), ACCENTS),
        ("Pbkdf2Sha1", Cheap.Pbkdf2Sha1(), ASCII),
    ]
    for scheme, hasher, password in makers:
        text = hasher.encode(password, hasher.salt())
        put("Django", scheme, password, text, hasher.verify(password, text))


def werkzeug_itself():
    makers = [
        ("Scrypt", "scrypt:1024:8:1", ACCENTS),
        ("Pbkdf2Sha1", "pbkdf2:sha1:70", ASCII),
        ("Pbkdf2Sha256", "pbkdf2:sha256:71", EMOJI),
        ("Pbkdf2Sha512", "pbkdf2:sha512:72", LONG),
    ]
    for scheme, method, password in makers:
        text = werkzeug.security.generate_password_hash(password, method)
        put("Werkzeug", scheme, password, text, werkzeug.security.check_password_hash(text, password))


def better_auth():
    # Notation and normalisation of Better Auth, with OpenSSL's scrypt as provided by Node.
    program = """
        const { randomBytes, scryptSync } = require("node:crypto");
        const salt = randomBytes(16).toString("hex");
        const cost = { N: 16384, r: 16, p: 1, maxmem: 64 << 20 };
        const key = scryptSync(process.argv[1].normalize("NFKC"), salt, 64, cost);
        process.stdout.write(salt + ":" + key.toString("hex"));
    """
    for password in [ASCII, LIGATURE]:
        text = subprocess.run(["node", "-e", program, password], capture_output=True, check=True)
        put("Better Auth", "Scrypt", password, text.stdout)


def main():
    argon2_cffi()
    bcrypt_itself()
    passlib_itself()
    django_itself()
    werkzeug_itself()
    better_auth()


main()
