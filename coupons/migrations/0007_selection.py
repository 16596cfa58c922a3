"""Offers with levels, rules and limits; audiences; selections; measurements."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import coupons.models.audiences


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0006_response_model"),
        ("loyalty", "0005_household_traits"),
        ("pos_integration", "0007_goods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FunderBudget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, help_text="Store currency", max_digits=12
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Measurement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("as_of", models.DateField(help_text="Only earlier days were seen")),
                ("measured_at", models.DateTimeField(auto_now=True)),
                ("report", models.JSONField(default=dict)),
            ],
            options={
                "get_latest_by": "as_of",
            },
        ),
        migrations.CreateModel(
            name="OfferFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("body", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("read", "Waits to be confirmed"),
                            ("applied", "Applied"),
                            ("dropped", "Dropped"),
                        ],
                        default="read",
                        max_length=7,
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                (
                    "faults",
                    models.JSONField(default=list, help_text="[row, column, sentence], in order"),
                ),
                (
                    "changes",
                    models.JSONField(
                        default=dict, help_text="How many offers are new, changed, the same"
                    ),
                ),
                ("applied_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="OfferLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "number",
                    models.PositiveSmallIntegerField(
                        help_text="2 or 3; the offer's own worth is level 1"
                    ),
                ),
                (
                    "face_value",
                    models.DecimalField(
                        decimal_places=2, help_text="As of the offer", max_digits=8
                    ),
                ),
                (
                    "percent",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="As of the offer", null=True
                    ),
                ),
                (
                    "price",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        help_text="As of the offer",
                        max_digits=8,
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfferRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "is_excluded",
                    models.BooleanField(
                        default=False, help_text="Not on these, whatever else says"
                    ),
                ),
                (
                    "brand",
                    models.CharField(
                        blank=True, help_text="As the catalogue writes it", max_length=60
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Restriction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "goods",
                    models.CharField(
                        choices=[
                            ("alcohol", "Alcohol"),
                            ("tobacco", "Tobacco"),
                            ("infant_formula", "infant formula"),
                            ("medicine", "Medicine"),
                            ("gambling", "lottery and gambling"),
                        ],
                        max_length=14,
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True, help_text="ISO 3166; empty: everywhere", max_length=2
                    ),
                ),
                (
                    "region",
                    models.CharField(
                        blank=True,
                        help_text="State or province, as addresses have it; empty: all",
                        max_length=30,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("never", "No coupons"),
                            ("of_age", "Only to who has shown to be of age"),
                            ("free", "As any other goods"),
                        ],
                        max_length=6,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "tiers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10),
                        blank=True,
                        default=list,
                        help_text="Of its value; empty: any",
                        size=None,
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("anybody", "Anybody"),
                            ("lapsed", "Did not come for so many days"),
                            (
                                "due",
                                "Is likely to need something of the category within four weeks",
                            ),
                            (
                                "first",
                                "Bought of the category for the first time within so many days",
                            ),
                            ("new", "Joined within so many days"),
                            ("birthday", "Has its birthday this month, and agreed to be greeted"),
                        ],
                        default="anybody",
                        max_length=8,
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True, help_text="Of the trigger, where it speaks of days", null=True
                    ),
                ),
                (
                    "least_chance",
                    models.FloatField(
                        default=0.5,
                        help_text="Of needing something of the category, 0 to 1, to count as due",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Selection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "At work"), ("ready", "Ready"), ("failed", "Failed")],
                        default="running",
                        max_length=7,
                    ),
                ),
                (
                    "seed",
                    models.PositiveIntegerField(
                        help_text="Of lots; the same seed chooses the same"
                    ),
                ),
                ("started_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "terms",
                    models.JSONField(
                        default=dict,
                        help_text="The mailing's rules and its offers' worth and limits, as they were",
                    ),
                ),
                (
                    "prices",
                    models.JSONField(
                        default=dict, help_text="What limits cost at the margin, by limit"
                    ),
                ),
                (
                    "report",
                    models.JSONField(
                        default=dict, help_text="Figures, forecast, who was left out and why"
                    ),
                ),
                (
                    "error",
                    models.TextField(blank=True, help_text="Why it failed: sentences, a line each"),
                ),
            ],
            options={
                "get_latest_by": "pk",
            },
        ),
        migrations.CreateModel(
            name="SelectionPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("households", models.PositiveIntegerField()),
                ("items", models.PositiveBigIntegerField()),
                (
                    "table",
                    models.BinaryField(
                        help_text="What could be chosen; gone once it is issued", null=True
                    ),
                ),
                (
                    "chosen",
                    models.BinaryField(help_text="Sheets, and those of the held out", null=True),
                ),
                (
                    "is_issued",
                    models.BooleanField(default=False, help_text="Its coupons are written"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StandingHoldout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "share",
                    models.DecimalField(
                        decimal_places=3, help_text="Of all, 0.02 is 2 percent", max_digits=4
                    ),
                ),
                (
                    "salt",
                    models.CharField(
                        default=coupons.models.audiences.new_salt,
                        editable=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                ("begins_on", models.DateField()),
                ("ends_on", models.DateField(blank=True, help_text="Empty: it stands", null=True)),
            ],
        ),
        migrations.AddField(
            model_name="coupon",
            name="drawn_share",
            field=models.FloatField(
                help_text="Drawn by lot: the chance with which it was; empty: it was chosen",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="value",
            field=models.FloatField(
                help_text="Margin that printing it was expected to bring, store currency", null=True
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="budget",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Most that its coupons may be expected to cost, store currency",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="changed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="channel",
            field=models.CharField(
                choices=[
                    ("print", "Printed and posted"),
                    ("none", "Not printed: at tills, kiosks and on phones only"),
                ],
                db_default="print",
                default="print",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="contact_days",
            field=models.PositiveSmallIntegerField(db_default=28, default=28),
        ),
        migrations.AddField(
            model_name="mailing",
            name="discovery_slots",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=1,
                help_text="Coupons of a sheet, at least, from categories the household has not bought",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="fairness",
            field=models.DecimalField(
                blank=True,
                decimal_places=3,
                help_text="The mean worth of a tier's, and of a household size's coupons differs from all others' by this share at most: 0.05 is 5 percent; empty: it may differ",
                max_digits=4,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="fallback_offers",
            field=models.ManyToManyField(
                blank=True,
                help_text="Fill places that no other offer fits; they have no limits of number or money",
                related_name="+",
                to="coupons.offer",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="model_days",
            field=models.PositiveSmallIntegerField(
                db_default=7,
                default=7,
                help_text="Days after which what was believed is too old for it",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="most_contacts",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Who got this many sheets in the days before gets none; empty: no cap",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="objective",
            field=models.CharField(
                choices=[
                    ("margin", "Margin that would not come otherwise"),
                    ("redemptions", "Coupons used"),
                ],
                db_default="margin",
                default="margin",
                max_length=11,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="random_slots",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="Coupons of a sheet that are drawn by lot, to learn from what comes of them",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="select_on",
            field=models.DateField(
                blank=True,
                help_text="The night before this morning selects its coupons, for approval by day",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="short_sheets",
            field=models.CharField(
                choices=[("shorter", "A shorter sheet"), ("no_sheet", "No sheet")],
                db_default="shorter",
                default="shorter",
                help_text="For a household that fewer offers fit than a sheet has places",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="shows_reasons",
            field=models.BooleanField(
                db_default=True, default=True, help_text="Each coupon says on paper why it is there"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="expected_budget",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Most that its coupons may be expected to cost, store currency",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="least_coupons",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Coupons guaranteed to its funder, all mailings together",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="most_coupons",
            field=models.PositiveIntegerField(
                blank=True, help_text="Coupons at most, all mailings together", null=True
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="per_household",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Times one household is given it at most", null=True
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="real_budget",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="Most that it may really cost; what is out and good counts as it is expected to",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="rivals",
            field=models.SlugField(
                blank=True,
                db_default="",
                default="",
                help_text="Of offers with the same word here, in one category, a sheet has one at most",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="stores",
            field=models.ManyToManyField(
                blank=True,
                help_text="Where it is good; empty: everywhere",
                related_name="+",
                to="pos_integration.store",
            ),
        ),
        migrations.AddField(
            model_name="sheet",
            name="is_generic",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Chosen without its purchases, as it wished",
            ),
        ),
        migrations.AlterField(
            model_name="mailing",
            name="issue_on",
            field=models.DateField(help_text="The night before this morning issues and prints it"),
        ),
        migrations.AlterField(
            model_name="mailing",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("selected", "Coupons selected, wait for approval"),
                    ("approved", "Approved, waits for its night"),
                    ("issued", "Sheets issued"),
                    ("printed", "Printed"),
                    ("mailed", "Mailed"),
                    ("closed", "Closed"),
                ],
                default="draft",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="recipient",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("waiting", "Not yet selected"),
                    ("sheet", "Got a sheet"),
                    ("generic", "Got the sheet that asks nothing of its purchases"),
                    ("holdout", "Held out, to measure against"),
                    ("standing", "Held out for good"),
                    ("no_consent", "Does not want post"),
                    ("no_address", "Has no deliverable address"),
                    ("contacted", "Had enough post lately"),
                    ("no_offers", "No offer fits"),
                    ("too_few", "Too few offers fit"),
                    ("shared", "Its card goes around"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("least_coupons", None),
                    ("most_coupons", None),
                    ("least_coupons__lte", models.F("most_coupons")),
                    _connector="OR",
                ),
                name="offer_guarantee_below_its_cap",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("expected_budget", None), ("expected_budget__gte", 0), _connector="OR"
                    ),
                    models.Q(("real_budget", None), ("real_budget__gte", 0), _connector="OR"),
                ),
                name="offer_budgets_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("per_household", None), ("per_household__gte", 1), _connector="OR"
                ),
                name="offer_per_household_1_or_more",
            ),
        ),
        migrations.AddField(
            model_name="funderbudget",
            name="funder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="coupons.funder"
            ),
        ),
        migrations.AddField(
            model_name="funderbudget",
            name="mailing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="funder_budgets",
                to="coupons.mailing",
            ),
        ),
        migrations.AddField(
            model_name="measurement",
            name="mailing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="measurements",
                to="coupons.mailing",
            ),
        ),
        migrations.AddField(
            model_name="offerfile",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="offerlevel",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="levels",
                to="coupons.offer",
            ),
        ),
        migrations.AddField(
            model_name="offerrule",
            name="category",
            field=models.ForeignKey(
                blank=True,
                help_text="A department, category or type, with all below it",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.category",
            ),
        ),
        migrations.AddField(
            model_name="offerrule",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="coupons.offer",
            ),
        ),
        migrations.AddField(
            model_name="offerrule",
            name="product",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.product",
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.UniqueConstraint(
                fields=("goods", "country", "region"), name="one_verdict_per_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("region", ""), models.Q(("country", ""), _negated=True), _connector="OR"
                ),
                name="a_region_lies_in_a_country",
            ),
        ),
        migrations.AddField(
            model_name="segment",
            name="category",
            field=models.ForeignKey(
                blank=True,
                help_text="Of the trigger, where it speaks of one",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="pos_integration.category",
            ),
        ),
        migrations.AddField(
            model_name="segment",
            name="households",
            field=models.ManyToManyField(
                blank=True,
                help_text="A list made elsewhere: then only these; empty: all",
                related_name="segments",
                to="loyalty.household",
            ),
        ),
        migrations.AddField(
            model_name="segment",
            name="stores",
            field=models.ManyToManyField(
                blank=True,
                help_text="Where it shops most; empty: any",
                related_name="+",
                to="pos_integration.store",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="segments",
            field=models.ManyToManyField(
                blank=True,
                help_text="Who gets it: whoever is in one of them, besides recipients added by hand",
                related_name="mailings",
                to="coupons.segment",
            ),
        ),
        migrations.AddField(
            model_name="selection",
            name="asked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="selection",
            name="learned",
            field=models.ManyToManyField(
                help_text="Of response and of uplift; none: the priors",
                related_name="+",
                to="loyalty.fittedmodel",
            ),
        ),
        migrations.AddField(
            model_name="selection",
            name="mailing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="selections",
                to="coupons.mailing",
            ),
        ),
        migrations.AddField(
            model_name="selection",
            name="run",
            field=models.ForeignKey(
                help_text="The beliefs its coupons were chosen by",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="loyalty.modelrun",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="selection",
            field=models.ForeignKey(
                editable=False,
                help_text="What is approved and issued",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="coupons.selection",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("random_slots__lt", models.F("coupons_per_sheet")),
                    ("discovery_slots__lte", models.F("coupons_per_sheet")),
                ),
                name="slots_fit_the_sheet",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fairness", None),
                    models.Q(("fairness__gte", 0), ("fairness__lt", 1)),
                    _connector="OR",
                ),
                name="fairness_0_to_1",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.CheckConstraint(
                condition=models.Q(("budget", None), ("budget__gte", 0), _connector="OR"),
                name="mailing_budget_not_negative",
            ),
        ),
        migrations.AddField(
            model_name="selectionpiece",
            name="selection",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pieces",
                to="coupons.selection",
            ),
        ),
        migrations.AddConstraint(
            model_name="standingholdout",
            constraint=models.CheckConstraint(
                condition=models.Q(("share__gt", 0), ("share__lte", 0.5)),
                name="standing_share_sensible",
            ),
        ),
        migrations.AddConstraint(
            model_name="standingholdout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_on", None), ("ends_on__gte", models.F("begins_on")), _connector="OR"
                ),
                name="standing_holdout_in_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="standingholdout",
            constraint=models.UniqueConstraint(
                models.Value(1), condition=models.Q(("ends_on", None)), name="one_standing_holdout"
            ),
        ),
        migrations.AddConstraint(
            model_name="funderbudget",
            constraint=models.UniqueConstraint(
                fields=("mailing", "funder"), name="budget_once_per_funder_and_mailing"
            ),
        ),
        migrations.AddConstraint(
            model_name="funderbudget",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="funder_budget_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="measurement",
            constraint=models.UniqueConstraint(
                fields=("mailing", "as_of"), name="measured_once_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlevel",
            constraint=models.UniqueConstraint(
                fields=("offer", "number"), name="level_once_per_offer"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__in", [2, 3])), name="level_2_or_3"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("face_value__gt", 0)), name="level_is_worth_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlevel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("percent", None),
                    models.Q(("percent__gte", 1), ("percent__lte", 100)),
                    _connector="OR",
                ),
                name="level_percent_1_to_100",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerlevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("price", None), ("price__gte", 0), _connector="OR"),
                name="level_price_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("product", None),
                        models.Q(
                            models.Q(("category", None), _negated=True),
                            models.Q(("brand", ""), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    models.Q(
                        models.Q(("product", None), _negated=True),
                        ("brand", ""),
                        ("category", None),
                    ),
                    _connector="OR",
                ),
                name="rule_names_products",
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("days__gte", 1), ("trigger__in", ["lapsed", "first", "new"])),
                    models.Q(
                        models.Q(("trigger__in", ["lapsed", "first", "new"]), _negated=True),
                        ("days", None),
                    ),
                    _connector="OR",
                ),
                name="trigger_has_its_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("trigger__in", ["due", "first"]),
                        models.Q(("category", None), _negated=True),
                    ),
                    models.Q(
                        models.Q(("trigger__in", ["due", "first"]), _negated=True),
                        ("category", None),
                    ),
                    _connector="OR",
                ),
                name="trigger_has_its_category",
            ),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(("least_chance__gt", 0), ("least_chance__lt", 1)),
                name="least_chance_0_to_1",
            ),
        ),
        migrations.AddConstraint(
            model_name="selection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "running")),
                fields=("mailing",),
                name="one_selection_at_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="selectionpiece",
            constraint=models.UniqueConstraint(
                fields=("selection", "bucket"), name="piece_once_per_bucket"
            ),
        ),
    ]
