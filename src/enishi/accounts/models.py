"""Who: the company, its members, its customers, and what is known of them now.

The current rows here serve pages and constraints. Everything analytic reads the versions
(:class:`RecordVersion`), which the consumer carries into the store; nothing is ever rewritten there.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enishi.accounts.indexes import WordIndex
from enishi.kit.text import fold, full_name


class Role(models.TextChoices):
    ADMIN = "admin", _("Administrator")
    MANAGER = "manager", _("Manager")
    CSM = "csm", _("CSM")
    SALES = "sales", _("Sales")
    VIEWER = "viewer", _("Viewer")


class Scope(models.TextChoices):
    ALL = "all", _("All accounts")
    TEAM = "team", _("The team's accounts")
    OWN = "own", _("Own accounts")


class FactorRule(models.TextChoices):
    OFF = "off", _("Each member decides")
    LEADERS = "leaders", _("Required for administrators and managers")
    ALL = "all", _("Required for everyone")


class Company(models.Model):
    """The vendor that runs this installation: one row."""

    name = models.CharField(_("Company name"), max_length=200, default="Enishi")
    time_zone = models.CharField(_("Time zone"), max_length=64, default="Asia/Tokyo")
    currency = models.CharField(_("Currency"), max_length=3, default="JPY")
    language = models.CharField(_("Language"), max_length=5, default="ja")
    fiscal_year_start = models.PositiveSmallIntegerField(_("Fiscal year starts in month"), default=4)
    week_start = models.PositiveSmallIntegerField(_("Week starts on"), default=0, help_text="0 = Monday")
    holiday_country = models.CharField(_("Holiday calendar"), max_length=5, default="JP")
    extra_holidays = models.JSONField(_("Company holidays"), default=list, blank=True)
    gross_margin = models.DecimalField(_("Gross margin"), max_digits=5, decimal_places=4, default="0.8")
    factor_rule = models.CharField(
        _("Second factor"), max_length=10, choices=FactorRule.choices, default=FactorRule.OFF
    )
    factor_grace_days = models.PositiveSmallIntegerField(_("Days to set it up"), default=0)
    factor_since = models.DateTimeField(null=True, blank=True)  # when the rule was last made
    set_up_at = models.DateTimeField(null=True, blank=True)
    sample = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("Company")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    name = models.CharField(_("Team name"), max_length=100, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Member:
        member = self.model(email=self.normalize_email(email).lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email__iexact=username)


class Member(AbstractBaseUser):
    """A person of the vendor who signs in."""

    email = models.EmailField(_("Mail address"), unique=True)
    family_name = models.CharField(_("Family name"), max_length=100, blank=True)
    given_name = models.CharField(_("Given name"), max_length=100, blank=True)
    name_kana = models.CharField(_("Name reading"), max_length=200, blank=True)
    role = models.CharField(_("Role"), max_length=10, choices=Role.choices, default=Role.CSM)
    scope = models.CharField(_("Sees"), max_length=10, choices=Scope.choices, default=Scope.OWN)
    team = models.ForeignKey(Team, verbose_name=_("Team"), null=True, blank=True, on_delete=models.SET_NULL)
    language = models.CharField(_("Language"), max_length=5, default="ja")
    is_active = models.BooleanField(_("Active"), default=True)
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[MemberManager] = MemberManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)

    def __str__(self) -> str:
        return self.email

    @property
    def full_name(self) -> str:
        """The name; where there is none the mail address up to the @."""
        return full_name(self.family_name, self.given_name) or self.email.partition("@")[0]

    @property
    def has_name(self) -> bool:
        return bool(full_name(self.family_name, self.given_name))


class Account(models.Model):
    """A customer company. A merged account keeps its row and points at the survivor."""

    name = models.CharField(_("Name"), max_length=300)
    name_kana = models.CharField(_("Name reading"), max_length=300, blank=True)
    search = models.TextField(editable=False, blank=True)  # folded name, reading, romaji and outside ids
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children"
    )
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="merged"
    )
    domain = models.CharField(max_length=253, blank=True, db_index=True)
    industry = models.CharField(max_length=200, blank=True)
    employees = models.BigIntegerField(null=True, blank=True)
    size = models.CharField(max_length=100, blank=True)
    region = models.CharField(max_length=100, blank=True)
    country = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=5, blank=True)
    stage = models.CharField(max_length=20, blank=True)
    owner = models.ForeignKey(
        Member, null=True, blank=True, on_delete=models.SET_NULL, related_name="accounts"
    )
    channel = models.CharField(max_length=100, blank=True)
    seller = models.CharField(max_length=200, blank=True)  # who won it: a member's mail address or a name
    since = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="manual")
    outside_id = models.CharField(max_length=250)
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["source", "outside_id"], name="account_outside_id")]
        indexes = [
            models.Index(fields=["name_kana", "name", "id"], name="account_by_name"),
            WordIndex(fields=["search"], name="account_by_word"),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(models.Model):
    """A person at an account."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="contacts")
    family_name = models.CharField(_("Family name"), max_length=100, blank=True)
    given_name = models.CharField(_("Given name"), max_length=100, blank=True)
    name = models.CharField(_("Full name"), max_length=200, blank=True)
    name_kana = models.CharField(_("Name reading"), max_length=200, blank=True)
    search = models.TextField(editable=False, blank=True)
    email = models.EmailField(_("Mail address"), blank=True, db_index=True)
    phone = models.CharField(max_length=50, blank=True)
    title = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    role = models.CharField(max_length=20, blank=True)
    language = models.CharField(max_length=5, blank=True)
    user_id = models.CharField(max_length=250, blank=True, db_index=True)
    since = models.DateField(null=True, blank=True)
    left_on = models.DateField(null=True, blank=True)
    bounced_on = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=60, default="manual")
    outside_id = models.CharField(max_length=250)
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["source", "outside_id"], name="contact_outside_id")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """The name as stated, or made of its parts; the mail address where there is none."""
        return self.name or full_name(self.family_name, self.given_name) or self.email


class Record(models.Model):
    """The current row of every other kind (subscription, invoice, ticket, …; see ``enishi.store.kinds``)."""

    kind = models.CharField(max_length=30)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.CASCADE, related_name="records"
    )
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="records"
    )
    source = models.CharField(max_length=60)
    outside_id = models.CharField(max_length=250)
    happened_at = models.DateTimeField()
    data = models.JSONField(default=dict)  # the kind's fields as JSON: dates ISO, money as decimal text
    extra = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-happened_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["kind", "source", "outside_id"], name="record_outside_id")
        ]
        indexes = [
            models.Index(fields=["account", "kind", "-happened_at"], name="record_timeline"),
            models.Index(fields=["kind", "updated_at", "id"], name="record_changes"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.outside_id}"


class RecordVersion(models.Model):
    """What a source said of a record, when it holds and when we learned it. Append only.

    ``kind`` is one of ``enishi.store.kinds.KINDS``, or ``link`` (an outside id leads to an account) or
    ``merge`` (an account leads to its survivor). The consumer carries rows to Parquet in order of id.
    """

    kind = models.CharField(max_length=30)
    record_id = models.BigIntegerField()
    account_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=60)
    outside_id = models.CharField(max_length=250)
    valid_on = models.DateField()
    known_at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    deleted = models.BooleanField(default=False)
    backfill = models.BooleanField(default=False)
    data = models.JSONField(default=dict)
    actor = models.CharField(max_length=200, blank=True)
    import_id = models.BigIntegerField(null=True)  # the import that stated it, so that it can be undone
    undoes = models.BigIntegerField(null=True)  # the undone import in whose place it stands

    class Meta:
        ordering = ("id",)
        indexes = [
            models.Index(fields=["kind", "record_id", "id"], name="version_of_record"),
            models.Index(fields=["account_id", "kind"], name="version_of_account"),
            models.Index(
                fields=["import_id", "id"],
                name="version_of_import",
                condition=models.Q(import_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id} v{self.pk}"


class OutsideId(models.Model):
    """An id another system uses for an account or for a person there."""

    class Target(models.TextChoices):
        ACCOUNT = "account", _("Account")
        USER = "user", _("User")

    system = models.CharField(max_length=60)
    value = models.CharField(max_length=250)
    target = models.CharField(max_length=10, choices=Target.choices)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="outside_ids")
    contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.CASCADE, related_name="outside_ids"
    )
    made_by = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("system", "value")
        constraints = [models.UniqueConstraint(fields=["system", "target", "value"], name="outside_id_once")]

    def __str__(self) -> str:
        return f"{self.system}:{self.value}"


class Merge(models.Model):
    """An account that leads to another; undone, it stands alone again.

    ``since`` is the day on which the two became one company; None where they were one all along.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="merges")
    survivor = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="absorbed")
    since = models.DateField(null=True, blank=True)
    moved = models.JSONField(default=dict)  # rows that followed, by model: ids, for the way back
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(default=timezone.now)
    undone_by = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return f"{self.account_id} into {self.survivor_id}"


class AuditLine(models.Model):
    """One line for everything that changed a record: who, what, when, from where. Append only."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    member = models.ForeignKey(Member, null=True, blank=True, on_delete=models.SET_NULL)
    actor = models.CharField(max_length=200)  # mail address, "api:<key name>", "system"
    verb = models.CharField(max_length=60)  # past tense: account_merged, write_key_revoked
    target_kind = models.CharField(max_length=40)
    target_id = models.CharField(max_length=60, blank=True)
    target_label = models.CharField(max_length=300, blank=True)
    account = models.ForeignKey(
        Account, null=True, blank=True, on_delete=models.SET_NULL, related_name="audit_lines"
    )
    detail = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor} {self.verb}"


def search_text(*parts: str) -> str:
    """What a search box compares with: folded, and again without spaces."""
    folded = [fold(part) for part in parts if part]
    return "\n".join(dict.fromkeys([*folded, *(part.replace(" ", "") for part in folded)]))
