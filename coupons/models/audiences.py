"""Who a mailing is for: segments of households, and those that are never mailed."""

import secrets

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from loyalty.models import Household
from pos_integration.models import Category, Store


class Segment(models.Model):
    """Households that belong together by what is believed of them; all that is said must hold."""

    class Trigger(models.TextChoices):
        ANYBODY = "anybody", "Anybody"
        LAPSED = "lapsed", "Did not come for so many days"
        DUE = "due", "Is likely to need something of the category within four weeks"
        FIRST_PURCHASE = "first", "Bought of the category for the first time within so many days"
        NEW_MEMBER = "new", "Joined within so many days"
        BIRTHDAY = "birthday", "Has its birthday this month, and agreed to be greeted"

    name = models.CharField(max_length=60, unique=True)
    tiers = ArrayField(
        models.CharField(max_length=10),
        default=list,
        blank=True,
        help_text="Of its value; empty: any",
    )
    stores = models.ManyToManyField(
        Store, blank=True, related_name="+", help_text="Where it shops most; empty: any"
    )
    trigger = models.CharField(max_length=8, choices=Trigger, default=Trigger.ANYBODY)
    days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Of the trigger, where it speaks of days"
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of the trigger, where it speaks of one",
    )
    least_chance = models.FloatField(
        default=0.5, help_text="Of needing something of the category, 0 to 1, to count as due"
    )
    households = models.ManyToManyField(
        Household,
        blank=True,
        related_name="segments",
        help_text="A list made elsewhere: then only these; empty: all",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(trigger__in=["lapsed", "first", "new"], days__gte=1)
                | ~Q(trigger__in=["lapsed", "first", "new"]) & Q(days=None),
                name="trigger_has_its_days",
            ),
            models.CheckConstraint(
                condition=Q(trigger__in=["due", "first"]) & ~Q(category=None)
                | ~Q(trigger__in=["due", "first"]) & Q(category=None),
                name="trigger_has_its_category",
            ),
            models.CheckConstraint(
                condition=Q(least_chance__gt=0, least_chance__lt=1), name="least_chance_0_to_1"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def new_salt() -> str:
    return secrets.token_hex(16)


class StandingHoldout(models.Model):
    """Households that no mailing reaches as long as it stands, so that all mailings together can
    be measured. Who they are follows from the salt, which nobody draws anew.
    """

    share = models.DecimalField(
        max_digits=4, decimal_places=3, help_text="Of all, 0.02 is 2 percent"
    )
    salt = models.CharField(max_length=32, unique=True, default=new_salt, editable=False)
    begins_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="Empty: it stands")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lte=0.5), name="standing_share_sensible"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")),
                name="standing_holdout_in_order",
            ),
            models.UniqueConstraint(
                models.Value(1), condition=Q(ends_on=None), name="one_standing_holdout"
            ),
        ]

    def __str__(self) -> str:
        share = f"{self.share * 100:.1f}"
        return _("%(share)s %% since %(day)s") % {"share": share, "day": self.begins_on}
