#!/usr/bin/env python3
"""Writes the accounts of FastAPI Users as lines that `vestibule user import` reads.

Runs in the service's own environment, with the address of the database that the service uses:

    python export_fastapi_users.py "$DATABASE_URL" > users.jsonl

It only reads. What is left out is told on standard error.
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
    parser.add_argument("database", help="such as postgresql+asyncpg://user@host/name")
    parser.add_argument("--table", default="user", help="the table of accounts (user)")
    parser.add_argument("--username", metavar="COLUMN", help="a column with user names")
    parser.add_argument("--created-at", metavar="COLUMN", help="when accounts were made; UTC")
    parser.add_argument("--language", metavar="COLUMN", help="en, de or ar; others are left out")
    parser.add_argument(
        "--ids-from",
        metavar="URL",
        help="for ids that are no UUIDs: makes one of this text and the old id",
    )
    parser.add_argument(
        "--unverified",
        choices=["keep", "no-password", "skip"],
        default="keep",
        help="what becomes of accounts whose address was never confirmed (keep)",
    )
    return parser.parse_args()


def note(text):
    print(text, file=sys.stderr)


def vestibule_id(old, ids_from):
    """The id to keep, or one that is the same at every run, or none."""
    if isinstance(old, uuid.UUID):
        return str(old)
    try:
        return str(uuid.UUID(str(old)))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ids_from}{old}")) if ids_from else None


def moment(value):
    """RFC 3339. Databases without time zones hand out UTC that does not say so."""
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
            note(f"{row['id']}: gets a new user name, because {name!r} cannot be used")
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
        # Two spellings of one address are one account in Vestibule. Which of the two, nobody here
        # can say, so neither is written.
        owners = {}
        async for row in await connection.stream(select(table.c.id, table.c.email)):
            owners.setdefault(row.email.strip().casefold(), []).append(row.id)
        written, left_out, names = 0, 0, set()
        async for row in await connection.stream(select(table).order_by(table.c.id)):
            row = row._mapping
            if len(shared := owners[row["email"].strip().casefold()]) > 1:
                note(f"{row['id']}: left out, because its address is also that of {shared}")
                left_out += 1
            elif options.unverified == "skip" and not row["is_verified"]:
                note(f"{row['id']}: left out, because its address was never confirmed")
                left_out += 1
            else:
                print(json.dumps(line(row, options, names)))
                written += 1
    await engine.dispose()
    note(f"{written} accounts written, {left_out} left out")


if __name__ == "__main__":
    asyncio.run(main(arguments()))
