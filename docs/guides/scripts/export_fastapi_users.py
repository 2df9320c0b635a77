#!/usr/bin/env python3
"""Exports FastAPI Users accounts as JSON lines for `vestibule user import`.

Run it in the environment of your service, with the URL of its database:

    python export_fastapi_users.py "$DATABASE_URL" > users.jsonl

It only reads. Skipped accounts are reported on standard error.
"""

import argparse
import asyncio
import json
import re
import sys
import uuid
from datetime import datetime, timezone

from sqlalchemy import MetaData, Table, select
from sqlalchemy.ext.asyncio import create_async_engine

USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("database", help="URL such as postgresql+asyncpg://user@host/name")
    parser.add_argument("--table", default="user", help="the table of accounts (user)")
    parser.add_argument("--username", metavar="COLUMN", help="a column with usernames")
    parser.add_argument("--created-at", metavar="COLUMN", help="a column with times of creation")
    parser.add_argument("--language", metavar="COLUMN", help="a column with en, de or ar")
    parser.add_argument(
        "--ids-from",
        metavar="URL",
        help="for ids that are not UUIDs: prefix of the old id to compute one from",
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


def vestibule_id(old, ids_from):
    """Returns the id if it is a UUID, otherwise one that is the same in every run, or None."""
    if isinstance(old, uuid.UUID):
        return str(old)
    try:
        return str(uuid.UUID(str(old)))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ids_from}{old}")) if ids_from else None


def moment(value):
    """Formats a time as RFC 3339. Databases without time zones return naive UTC."""
    if isinstance(value, (int, float)):
        value = datetime.fromtimestamp(value, timezone.utc)
    if value.tzinfo is None:
        value = value.replace(tzinfo=timezone.utc)
    return value.isoformat()


def line(row, options, names):
    account = {"email": row["email"].strip()}
    if new_id := vestibule_id(row["id"], options.ids_from):
        account["id"] = new_id
    if options.username and (name := row[options.username]):
        if not USERNAME.fullmatch(name) or name.lower() in names:
            note(f"{row['id']}: gets a new username, because {name!r} cannot be used")
        else:
            names.add(name.lower())
            account["username"] = name
    is_confirmed = row["is_verified"] or options.unverified == "keep"
    if row["hashed_password"] and is_confirmed:
        account["password_hash"] = row["hashed_password"]
    account["is_active"] = bool(row["is_active"])
    account["is_admin"] = bool(row["is_superuser"])
    if options.created_at and row[options.created_at] is not None:
        account["created_at"] = moment(row[options.created_at])
    if options.language and row[options.language] in ("en", "de", "ar"):
        account["language"] = row[options.language]
    return account


async def main(options):
    engine = create_async_engine(options.database)
    async with engine.connect() as connection:
        table = await connection.run_sync(
            lambda sync: Table(options.table, MetaData(), autoload_with=sync)
        )
        wanted = {options.username, options.created_at, options.language} - {None}
        if missing := wanted - set(table.c.keys()):
            sys.exit(f"{options.table} has no column {', '.join(sorted(missing))}")
        # Emails that differ only in case are one account in Vestibule. The script cannot decide
        # which one, so neither is written.
        owners = {}
        async for row in await connection.stream(select(table.c.id, table.c.email)):
            owners.setdefault(row.email.strip().casefold(), []).append(row.id)
        written, left_out, names = 0, 0, set()
        async for row in await connection.stream(select(table).order_by(table.c.id)):
            row = row._mapping
            if len(shared := owners[row["email"].strip().casefold()]) > 1:
                note(f"{row['id']}: left out, because its email is shared by {shared}")
                left_out += 1
            elif options.unverified == "skip" and not row["is_verified"]:
                note(f"{row['id']}: left out, because its email was never confirmed")
                left_out += 1
            else:
                print(json.dumps(line(row, options, names)))
                written += 1
    await engine.dispose()
    note(f"{written} accounts written, {left_out} left out")


if __name__ == "__main__":
    asyncio.run(main(arguments()))
