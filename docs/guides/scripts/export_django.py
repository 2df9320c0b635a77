"""Exports the accounts of this project as JSON lines for `vestibule user import`.

Copy it into an app in INSTALLED_APPS, as `management/commands/export_vestibule.py`:

    python manage.py export_vestibule > users.jsonl

It only reads. Skipped accounts are reported on standard error.
"""

import json
import re
import uuid
from collections import Counter

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import is_password_usable
from django.core.management.base import BaseCommand
from django.utils import timezone

USERNAME = re.compile(r"[A-Za-z0-9._-]{3,32}")


class Command(BaseCommand):
    help = "Exports all accounts as JSON lines for `vestibule user import`"

    def add_arguments(self, parser):
        parser.add_argument(
            "--ids-from",
            metavar="URL",
            help="for ids that are not UUIDs: prefix of the old id to compute one from",
        )
        parser.add_argument(
            "--admins",
            choices=["superusers", "staff", "none"],
            default="superusers",
            help="accounts that become administrators in Vestibule (superusers)",
        )

    def handle(self, *args, **options):
        self.model = get_user_model()
        self.email_field = self.model.get_email_field_name()
        self.names = set()
        users = self.model._default_manager.order_by("pk")
        # Django neither requires an email nor keeps it unique. Emails that differ only in case are
        # one account in Vestibule. The script cannot decide which one, so neither is written.
        addresses = users.values_list(self.email_field, flat=True).iterator()
        owners = Counter((address or "").strip().casefold() for address in addresses)
        written = left_out = 0
        for user in users.iterator(chunk_size=2000):
            email = (getattr(user, self.email_field) or "").strip()
            if not email:
                self.note(user, "left out, because it has no email")
                left_out += 1
            elif owners[email.casefold()] > 1:
                self.note(user, f"left out, because other accounts share its email {email}")
                left_out += 1
            else:
                self.stdout.write(json.dumps(self.account(user, email, options)))
                written += 1
        self.stderr.write(f"{written} accounts written, {left_out} left out")

    def account(self, user, email, options):
        account = {"email": email}
        if new_id := self.vestibule_id(user.pk, options["ids_from"]):
            account["id"] = new_id
        name = user.get_username()
        # If the username is the email, the import derives a username from it.
        if self.model.USERNAME_FIELD != self.email_field:
            if not USERNAME.fullmatch(name) or name.lower() in self.names:
                self.note(user, f"gets a new username, because {name!r} cannot be used")
            else:
                self.names.add(name.lower())
                account["username"] = name
        if user.password and is_password_usable(user.password):
            account["password_hash"] = user.password
        account["is_active"] = user.is_active
        account["is_admin"] = {
            "superusers": getattr(user, "is_superuser", False),
            "staff": getattr(user, "is_staff", False),
            "none": False,
        }[options["admins"]]
        if joined := getattr(user, "date_joined", None):
            # With USE_TZ = False Django stores local time.
            aware = joined if timezone.is_aware(joined) else timezone.make_aware(joined)
            account["created_at"] = aware.isoformat()
        return account

    @staticmethod
    def vestibule_id(old, ids_from):
        """Returns the id if it is a UUID, otherwise one that is the same in every run, or None."""
        try:
            return str(uuid.UUID(str(old)))
        except ValueError:
            return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{ids_from}{old}")) if ids_from else None

    def note(self, user, text):
        self.stderr.write(f"{user.pk}: {text}")
