#!/usr/bin/env python3
"""Exports an auth collection of PocketBase as JSON lines for `vestibule user import`.

Needs only Python and the database of PocketBase 0.8 or later:

    python3 export_pocketbase.py pb_data/data.db > users.jsonl

It only reads. Skipped accounts are reported on standard error.
"""

import argparse
import json
import re
import sqlite3
import sys
import uuid
from collections import Counter
from pathlib import Path

USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", type=Path, help="pb_data/data.db")
    parser.add_argument("--collection", default="users", help="the auth collection (users)")
    parser.add_argument("--admin", action="store_true", help="export all as administrators")
    parser.add_argument(
        "--username",
        metavar="COLUMN",
        default="username",
        help="a column with usernames (username)",
    )
    parser.add_argument(
        "--ids-from",
        metavar="URL",
        help="prefix of the old id to compute a UUID from, the same in every run",
    )
    parser.add_argument(
        "--unverified",
        choices=["keep", "no-password", "skip"],
        default="keep",
        help="treatment of accounts whose email was never confirmed (keep)",
    )
    return parser.parse_args()


def note(text):
    print(text, file=sys.stderr)


def line(row, options, names, hash_column):
    columns = row.keys()
    account = {"email": row["email"].strip()}
    if options.ids_from:
        account["id"] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{options.ids_from}{row['id']}"))
    if options.username in columns and (name := row[options.username]):
        if not USERNAME.fullmatch(name) or name.lower() in names:
            note(f"{row['id']}: gets a new username, because {name!r} cannot be used")
        else:
            names.add(name.lower())
            account["username"] = name
    # The old table of administrators has no column `verified`.
    is_confirmed = "verified" not in columns or row["verified"]
    if row[hash_column] and (is_confirmed or options.unverified == "keep"):
        account["password_hash"] = row[hash_column]
    account["is_admin"] = options.admin
    if "created" in columns and row["created"]:
        # 2024-05-01 08:15:30.123Z; RFC 3339 requires a T.
        account["created_at"] = row["created"].replace(" ", "T")
    return account


def main(options):
    if not options.database.is_file():
        sys.exit(f"there is no {options.database}")
    database = sqlite3.connect(f"{options.database.absolute().as_uri()}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    # One snapshot for both reads of the table.
    database.execute("BEGIN")
    table = '"' + options.collection.replace('"', '""') + '"'
    columns = [column["name"] for column in database.execute(f"PRAGMA table_info({table})")]
    # Named `password` since PocketBase 0.23.
    hash_column = next((name for name in ("passwordHash", "password") if name in columns), None)
    if hash_column is None or "email" not in columns:
        sys.exit(f"{options.collection} is no auth collection of {options.database}")
    # Emails that differ only in case are one account in Vestibule. The script cannot decide which
    # one, so neither is written.
    addresses = database.execute(f"SELECT email FROM {table}")
    owners = Counter((row["email"] or "").strip().casefold() for row in addresses)
    written, left_out, names = 0, 0, set()
    for row in database.execute(f"SELECT * FROM {table} ORDER BY rowid"):
        email = (row["email"] or "").strip()
        if not email:
            note(f"{row['id']}: left out, because it has no email")
            left_out += 1
        elif owners[email.casefold()] > 1:
            note(f"{row['id']}: left out, because other accounts share its email {email}")
            left_out += 1
        elif options.unverified == "skip" and "verified" in columns and not row["verified"]:
            note(f"{row['id']}: left out, because its email was never confirmed")
            left_out += 1
        else:
            print(json.dumps(line(row, options, names, hash_column)))
            written += 1
    note(f"{written} accounts written, {left_out} left out")


if __name__ == "__main__":
    main(arguments())
