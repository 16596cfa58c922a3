"""Themes, pictures, fonts and barcodes; print runs with their files, seeds and spoilage."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("coupons", "0011_models_of_selections"),
        ("loyalty", "0006_household_language"),
        ("pos_integration", "0007_goods"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FontFile",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="As the font calls itself", max_length=80)),
                ("content", models.BinaryField()),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="MailingText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=8)),
                ("headline", models.CharField(max_length=60)),
                ("explanation", models.CharField(max_length=90)),
                ("letter", models.TextField(blank=True, max_length=2000)),
            ],
        ),
        migrations.CreateModel(
            name="OfferBarcode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "symbology",
                    models.CharField(
                        choices=[
                            ("code_128", "Code 128 with the coupon's own code"),
                            ("ean_13", "EAN-13, good with the household's card only"),
                            ("gs1_128", "GS1-128"),
                            ("databar", "GS1 DataBar Expanded Stacked"),
                            ("datamatrix", "GS1 DataMatrix"),
                            ("qr", "QR code with a GS1 Digital Link"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "content",
                    models.CharField(
                        choices=[
                            ("ean", "EAN-13 coupon: prefix and reference"),
                            ("255", "AI 255, global coupon number"),
                            ("8110", "AI 8110, North American coupon"),
                            ("8112", "AI 8112, positive offer file"),
                        ],
                        max_length=4,
                    ),
                ),
                (
                    "company_prefix",
                    models.CharField(
                        help_text="Of GS1 for its owner; of an EAN-13 coupon 99, or 981 to 984 and the issuer",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator("^\\d{2,12}\\Z", "Digits only.")
                        ],
                    ),
                ),
                (
                    "reference",
                    models.CharField(
                        help_text="With AI 255 it makes 12 digits with the prefix; with 8110 and 8112 it has 6",
                        max_length=10,
                        validators=[
                            django.core.validators.RegexValidator("^\\d{1,10}\\Z", "Digits only.")
                        ],
                    ),
                ),
                (
                    "family_code",
                    models.CharField(
                        default="000",
                        help_text="AI 8110: which of the maker's items it is good on",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator("^\\d{3}\\Z", "Three digits.")
                        ],
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfferText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("language", models.CharField(max_length=8)),
                (
                    "name",
                    models.CharField(
                        help_text="What the shopper reads: the product", max_length=80
                    ),
                ),
                ("detail", models.CharField(blank=True, help_text="Maker and size", max_length=80)),
                (
                    "terms",
                    models.TextField(blank=True, help_text="A line each, two at most on paper"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="What offers call it", max_length=60, unique=True),
                ),
                (
                    "changes",
                    models.CharField(
                        blank=True,
                        help_text="What was done to it to make it fit for paper",
                        max_length=200,
                    ),
                ),
                ("uploaded_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="PictureFile",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "content",
                    models.BinaryField(
                        help_text="JPEG, or PNG of what has few colours; sRGB, no alpha"
                    ),
                ),
                ("width", models.PositiveSmallIntegerField(help_text="Pixels")),
                ("height", models.PositiveSmallIntegerField(help_text="Pixels")),
            ],
        ),
        migrations.CreateModel(
            name="PressProfile",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                (
                    "name",
                    models.CharField(help_text="As the profile describes itself", max_length=80),
                ),
                (
                    "condition",
                    models.CharField(
                        help_text="The printing condition's name in the registry, such as FOGRA51",
                        max_length=40,
                    ),
                ),
                ("content", models.BinaryField()),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name="PrintFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                ("first", models.PositiveIntegerField(help_text="Number of its first sheet")),
                ("last", models.PositiveIntegerField(help_text="Number of its last sheet")),
                ("sheets", models.PositiveIntegerField()),
                ("pages", models.PositiveIntegerField()),
                ("coupons", models.PositiveIntegerField()),
                ("checked", models.PositiveIntegerField(help_text="Barcodes read back")),
                ("bytes", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                (
                    "left_out",
                    models.JSONField(
                        default=list, help_text="Sheets that could not be set, and why"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SeedAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("street", models.CharField(max_length=80)),
                ("postcode", models.CharField(max_length=12)),
                ("city", models.CharField(max_length=60)),
                (
                    "region",
                    models.CharField(blank=True, help_text="State or province", max_length=30),
                ),
                ("country", models.CharField(default="US", help_text="ISO 3166", max_length=2)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "verbose_name_plural": "seed addresses",
            },
        ),
        migrations.CreateModel(
            name="Spoilage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "first",
                    models.PositiveIntegerField(help_text="Number of the first sheet spoiled"),
                ),
                ("last", models.PositiveIntegerField(help_text="Number of the last")),
                ("why", models.CharField(blank=True, max_length=120)),
                ("noted_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "spoilage",
            },
        ),
        migrations.CreateModel(
            name="Theme",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True)),
                (
                    "is_default",
                    models.BooleanField(
                        default=False, help_text="For every mailing that names no theme of its own"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="en",
                        help_text="Of households that did not say theirs",
                        max_length=8,
                    ),
                ),
                ("brand", models.CharField(default="Greenfield", max_length=40)),
                (
                    "tagline",
                    models.CharField(blank=True, default="your grocer since 1954", max_length=80),
                ),
                (
                    "sender",
                    models.CharField(
                        default="Greenfield Markets · 1 Long Lane · Exampleton, ZZ 00101",
                        help_text="One line above the address",
                        max_length=120,
                    ),
                ),
                (
                    "brand_colour",
                    models.CharField(
                        default="#0f6b3e",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9a-fA-F]{6}\\Z", "Write a colour as #0f6b3e."
                            )
                        ],
                    ),
                ),
                (
                    "accent_colour",
                    models.CharField(
                        default="#c8102e",
                        help_text="Of what a coupon is worth",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9a-fA-F]{6}\\Z", "Write a colour as #0f6b3e."
                            )
                        ],
                    ),
                ),
                (
                    "savings_lead",
                    models.CharField(
                        blank=True,
                        help_text="Above the saving; empty: in the sheet's language",
                        max_length=60,
                    ),
                ),
                (
                    "foot",
                    models.CharField(
                        blank=True,
                        default="Prefer other offers, or none at all? Ask at any service desk or visit greenfield.example/me",
                        help_text="Where to choose or object; empty: none",
                        max_length=160,
                    ),
                ),
                (
                    "how_chosen",
                    models.CharField(
                        blank=True,
                        help_text="What law wants said of prices set for one household; empty: in the sheet's language",
                        max_length=160,
                    ),
                ),
                (
                    "home",
                    models.URLField(
                        blank=True,
                        help_text="Where shoppers reach this system, such as https://coupons.example: a QR code on each sheet leads to its page; empty: none",
                    ),
                ),
                (
                    "page",
                    models.CharField(
                        choices=[("a4", "A4, 210 x 297 mm"), ("letter", "US Letter, 8.5 x 11 in")],
                        default="a4",
                        max_length=6,
                    ),
                ),
                (
                    "window",
                    models.CharField(
                        choices=[
                            ("din_a", "DIN 5008 A: 27 mm from the top"),
                            ("din_b", "DIN 5008 B: 45 mm from the top"),
                            ("us_10", "US no. 10"),
                            ("c5_dl", "C5 and DL, address at the right"),
                        ],
                        default="din_b",
                        max_length=5,
                    ),
                ),
                ("has_fold_marks", models.BooleanField(default=True)),
                (
                    "has_inserter_marks",
                    models.BooleanField(
                        default=False,
                        help_text="Bars at the edge that tell an inserter where a household ends",
                    ),
                ),
                (
                    "has_match_marks",
                    models.BooleanField(
                        default=False,
                        help_text="A Data Matrix on each side, to match pages and envelopes",
                    ),
                ),
                ("has_recycling_mark", models.BooleanField(default=False)),
                (
                    "imb_mailer",
                    models.CharField(
                        blank=True,
                        help_text="6 or 9 digits, for post within the US; empty: no Intelligent Mail barcode",
                        max_length=9,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(\\d{6}|\\d{9})\\Z", "A mailer id has 6 or 9 digits."
                            )
                        ],
                        verbose_name="Intelligent Mail mailer id",
                    ),
                ),
                (
                    "imb_service",
                    models.CharField(
                        default="300",
                        max_length=3,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{3}\\Z", "A service type has 3 digits."
                            )
                        ],
                        verbose_name="Intelligent Mail service type",
                    ),
                ),
                (
                    "symbology",
                    models.CharField(
                        choices=[
                            ("code_128", "Code 128 with the coupon's own code"),
                            ("ean_13", "EAN-13, good with the household's card only"),
                            ("gs1_128", "GS1-128"),
                            ("databar", "GS1 DataBar Expanded Stacked"),
                            ("datamatrix", "GS1 DataMatrix"),
                            ("qr", "QR code with a GS1 Digital Link"),
                        ],
                        default="code_128",
                        help_text="Of offers that say nothing of their own",
                        max_length=10,
                    ),
                ),
                (
                    "company_prefix",
                    models.CharField(
                        blank=True,
                        help_text="Wanted for GS1 barcodes",
                        max_length=12,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{3,12}\\Z", "A company prefix has 3 to 12 digits."
                            )
                        ],
                        verbose_name="GS1 company prefix",
                    ),
                ),
                (
                    "dots_per_inch",
                    models.PositiveSmallIntegerField(
                        default=600,
                        validators=[
                            django.core.validators.MinValueValidator(200),
                            django.core.validators.MaxValueValidator(2400),
                        ],
                    ),
                ),
                (
                    "dots_a_module",
                    models.PositiveSmallIntegerField(
                        default=6,
                        help_text="Printer dots of a barcode's narrowest bar; 6 at 600 an inch are 0.254 mm",
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(48),
                        ],
                    ),
                ),
                (
                    "bar_reduction_dots",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="Printer dots that each bar is made narrower by, where ink spreads",
                    ),
                ),
                (
                    "colour",
                    models.CharField(
                        choices=[
                            ("rgb", "RGB, for digital presses and office printers"),
                            ("cmyk", "CMYK by a press profile, PDF/X-4 and PDF/VT-1"),
                        ],
                        default="rgb",
                        max_length=4,
                    ),
                ),
                (
                    "bleed_mm",
                    models.DecimalField(
                        decimal_places=1,
                        default=0,
                        help_text="Room beyond the cut edge, mm",
                        max_digits=3,
                        validators=[django.core.validators.MaxValueValidator(10)],
                    ),
                ),
                (
                    "sheets_a_file",
                    models.PositiveIntegerField(
                        default=10000,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100000),
                        ],
                    ),
                ),
                (
                    "sheets_checked",
                    models.PositiveIntegerField(
                        default=100, help_text="Of each run, rendered and read back; 0: every sheet"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ThemeFont",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "cut",
                    models.CharField(
                        choices=[
                            ("regular", "Regular"),
                            ("italic", "Italic, for reasons"),
                            ("semibold", "Semibold, for products"),
                            ("bold", "Bold"),
                            ("black", "Black, for what is saved"),
                            ("other", "For letters that the others lack"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "place",
                    models.PositiveSmallIntegerField(default=0, help_text="Which is asked first"),
                ),
            ],
            options={
                "ordering": ["cut", "place"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="mailing",
            name="sheet_layout_exists",
        ),
        migrations.AddField(
            model_name="mailing",
            name="leaf",
            field=models.CharField(
                choices=[
                    ("one", "One side: address and coupons"),
                    ("blank", "One side, its back blank, for duplex presses"),
                    ("letter", "A letter in front, the coupons on its back"),
                ],
                db_default="one",
                default="one",
                max_length=6,
                verbose_name="sides",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="letter",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Where it has a front",
                max_length=2000,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="kind",
            field=models.CharField(
                choices=[
                    ("whole", "The whole mailing"),
                    ("reprint", "Some sheets again"),
                    ("proof", "The first sheets, to look at"),
                    ("test", "A test sheet for the press"),
                ],
                db_default="whole",
                default="whole",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="left_out",
            field=models.JSONField(
                db_default=[], default=list, help_text="Sheets that could not be set, and why"
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="look",
            field=models.JSONField(
                db_default={},
                default=dict,
                help_text="Theme, offers and words as they were printed",
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="numbers",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="Ranges of sheets, first and last; empty: all",
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="of",
            field=models.ForeignKey(
                blank=True,
                help_text="Of a reprint: the run whose looks it has",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reprints",
                to="coupons.printrun",
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="says",
            field=models.CharField(blank=True, db_default="", default="", max_length=500),
        ),
        migrations.AddField(
            model_name="printrun",
            name="seeds",
            field=models.JSONField(
                db_default=[], default=list, help_text="Sheets to ourselves: address, number, codes"
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="started_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="state",
            field=models.CharField(
                choices=[
                    ("running", "Running"),
                    ("blocked", "Blocked: a barcode read wrong"),
                    ("failed", "Failed"),
                    ("finished", "Finished"),
                ],
                db_default="finished",
                default="running",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="mailing",
            name="coupons_per_sheet",
            field=models.PositiveSmallIntegerField(
                choices=[(4, "4"), (6, "6"), (8, "8"), (10, "10"), (12, "12")], default=8
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="picture",
            field=models.CharField(
                default="basket",
                help_text="What is drawn where there is no photograph",
                max_length=30,
            ),
        ),
        migrations.AddConstraint(
            model_name="printrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "reprint"), models.Q(("of", None), _negated=True)),
                    models.Q(models.Q(("kind", "reprint"), _negated=True), ("of", None)),
                    _connector="OR",
                ),
                name="a_reprint_is_of_a_run",
            ),
        ),
        migrations.AddField(
            model_name="mailingtext",
            name="mailing",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="coupons.mailing",
            ),
        ),
        migrations.AddField(
            model_name="offerbarcode",
            name="offer",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="barcode",
                to="coupons.offer",
            ),
        ),
        migrations.AddField(
            model_name="offertext",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="texts",
                to="coupons.offer",
            ),
        ),
        migrations.AddField(
            model_name="picture",
            name="products",
            field=models.ManyToManyField(
                blank=True,
                help_text="Whose offers show it, unless the offer has a picture of its own",
                related_name="pictures",
                to="pos_integration.product",
            ),
        ),
        migrations.AddField(
            model_name="picture",
            name="uploaded_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="photo",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the picture of one of its products, if any has one",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="coupons.picture",
            ),
        ),
        migrations.AddConstraint(
            model_name="picturefile",
            constraint=models.CheckConstraint(
                condition=models.Q(("height__gte", 1), ("width__gte", 1)),
                name="picture_has_an_extent",
            ),
        ),
        migrations.AddField(
            model_name="picture",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pictures",
                to="coupons.picturefile",
            ),
        ),
        migrations.AddConstraint(
            model_name="pressprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(("condition", ""), _negated=True),
                name="profile_names_its_condition",
            ),
        ),
        migrations.AddField(
            model_name="printfile",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="coupons.printrun",
            ),
        ),
        migrations.AddField(
            model_name="spoilage",
            name="noted_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="spoilage",
            name="reprint",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="made_good",
                to="coupons.printrun",
            ),
        ),
        migrations.AddField(
            model_name="spoilage",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="spoilage",
                to="coupons.printrun",
            ),
        ),
        migrations.AddField(
            model_name="theme",
            name="logo",
            field=models.ForeignKey(
                blank=True,
                help_text="Stands in place of the brand's name and the tagline",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coupons.picture",
            ),
        ),
        migrations.AddField(
            model_name="theme",
            name="profile",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="coupons.pressprofile",
            ),
        ),
        migrations.AddField(
            model_name="mailing",
            name="theme",
            field=models.ForeignKey(
                blank=True,
                help_text="How it looks; empty: the default theme",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mailings",
                to="coupons.theme",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.CheckConstraint(
                condition=models.Q(("coupons_per_sheet__in", [4, 6, 8, 10, 12])),
                name="sheet_layout_exists",
            ),
        ),
        migrations.AddField(
            model_name="themefont",
            name="font",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="coupons.fontfile"
            ),
        ),
        migrations.AddField(
            model_name="themefont",
            name="theme",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="fonts",
                to="coupons.theme",
            ),
        ),
        migrations.AddConstraint(
            model_name="mailingtext",
            constraint=models.UniqueConstraint(
                fields=("mailing", "language"), name="mailing_text_once_per_language"
            ),
        ),
        migrations.AddConstraint(
            model_name="offerbarcode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("content", "ean"), ("symbology", "ean_13")),
                    models.Q(
                        ("content__in", ["255", "8110", "8112"]),
                        ("symbology__in", ["gs1_128", "databar", "datamatrix"]),
                    ),
                    models.Q(("content", "255"), ("symbology", "qr")),
                    _connector="OR",
                ),
                name="symbology_can_carry_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="offerbarcode",
            constraint=models.UniqueConstraint(
                fields=("content", "company_prefix", "reference"), name="barcode_names_one_offer"
            ),
        ),
        migrations.AddConstraint(
            model_name="offertext",
            constraint=models.UniqueConstraint(
                fields=("offer", "language"), name="offer_text_once_per_language"
            ),
        ),
        migrations.AddConstraint(
            model_name="picture",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="picture_has_a_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="printfile",
            constraint=models.UniqueConstraint(fields=("run", "first"), name="print_file_once"),
        ),
        migrations.AddConstraint(
            model_name="printfile",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lte", models.F("last"))), name="print_file_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="spoilage",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lte", models.F("last"))), name="spoilage_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("is_default",),
                name="one_default_theme",
            ),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("colour", "cmyk"), _negated=True),
                    ("profile__isnull", False),
                    _connector="OR",
                ),
                name="cmyk_has_a_profile",
            ),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.CheckConstraint(
                condition=models.Q(("bleed_mm__gte", 0), ("bleed_mm__lte", 10)),
                name="bleed_0_to_10_mm",
            ),
        ),
        migrations.AddConstraint(
            model_name="theme",
            constraint=models.CheckConstraint(
                condition=models.Q(("sheets_a_file__gte", 1)), name="a_file_holds_a_sheet"
            ),
        ),
        migrations.AddConstraint(
            model_name="themefont",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cut", "other"), _negated=True),
                fields=("theme", "cut"),
                name="one_font_for_each_cut",
            ),
        ),
    ]
