"""Themes at the desk: uploads and what must agree, and a sheet to see before it is kept."""

import base64
import io
from functools import cache
from pathlib import Path

import font_source_sans_pro  # type: ignore[import-untyped] # ships no types
import pikepdf
import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from coupons import pictures
from coupons.admin.theme_forms import contrast_with_white, warnings
from coupons.models import FontFile, Picture, PressProfile, Theme
from tests import make
from tests.icc import cmyk_profile
from tests.staff import one_of

pytestmark = pytest.mark.django_db


def page(name, *args):
    return reverse(f"admin:coupons_theme_{name}", args=args)


@cache
def font() -> bytes:
    return Path(font_source_sans_pro.font_files_ttf["SourceSansProBlack"]).read_bytes()


def upload(content: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@cache
def square() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 120), "#204080").save(out, "PNG")
    return out.getvalue()


def typed(**changes: object) -> dict[str, object]:
    """A theme's form as a browser sends it."""
    return {
        "name": "Sun",
        "language": "en",
        "brand": "Sun Market",
        "tagline": "",
        "sender": "Sun Market · 1 Long Lane",
        "brand_colour": "#0f6b3e",
        "accent_colour": "#c8102e",
        "savings_lead": "",
        "foot": "",
        "how_chosen": "",
        "home": "",
        "page": "a4",
        "window": "din_b",
        "imb_mailer": "",
        "imb_service": "300",
        "symbology": "code_128",
        "company_prefix": "",
        "dots_per_inch": "600",
        "dots_a_module": "6",
        "bar_reduction_dots": "0",
        "colour": "rgb",
        "bleed_mm": "0",
        "sheets_a_file": "10000",
        "sheets_checked": "100",
        "fonts-TOTAL_FORMS": "0",
        "fonts-INITIAL_FORMS": "0",
        "preview-places": "8",
        "preview-leaf": "one",
        "preview-language": "en",
        "preview_theme": "",
        **changes,
    }


def with_font(content: bytes, cut: str = "black", at: int = 0) -> dict[str, object]:
    return {
        "fonts-TOTAL_FORMS": str(at + 1),
        f"fonts-{at}-cut": cut,
        f"fonts-{at}-font": "",
        f"fonts-{at}-place": "0",
        f"fonts-{at}-upload": upload(content, "brand.ttf"),
    }


def previewed(client, **changes):
    return client.post(page("preview"), typed(**changes)).json()


def seen(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")


def colours(image: Image.Image) -> set[object]:
    return {colour for _, colour in image.getcolors(image.width * image.height) or []}


def refused(client, **changes) -> str:
    """What the page says when a theme is not kept."""
    response = client.post(page("add"), typed(**changes))
    assert response.status_code == 200
    assert not Theme.objects.exists()
    form, fonts = response.context["adminform"].form, response.context["inline_admin_formsets"][0]
    return str(form.errors) + str(fonts.formset.errors)


def test_the_first_theme_is_the_default_and_another_takes_its_place(admin_client):
    admin_client.post(page("add"), typed())
    admin_client.post(page("add"), typed(name="Moon"))
    sun, moon = Theme.objects.order_by("pk")
    assert (sun.is_default, moon.is_default) == (True, False)

    assert b"from now on" in admin_client.get(page("default", moon.pk)).content
    for _ in range(2):
        admin_client.post(page("default", moon.pk))

    assert list(Theme.objects.filter(is_default=True)) == [moon]


def test_font_profile_and_logo_are_uploaded_with_the_theme(admin_client):
    response = admin_client.post(
        page("add"),
        typed(
            colour="cmyk",
            profile_file=upload(cmyk_profile(), "press.icc"),
            profile_condition="FOGRA51",
            logo_file=upload(square(), "our logo.png"),
            **with_font(font()),
        ),
    )

    assert response.status_code == 302
    theme = Theme.objects.get()
    assert theme.profile is not None
    assert theme.profile.condition == "FOGRA51"
    assert theme.profile.name.endswith("press")  # as the profile calls itself
    assert theme.logo is not None
    assert theme.logo.name == "our logo (Sun)"
    kept = theme.fonts.get()
    assert kept.cut == "black"
    assert bytes(kept.font.content) == font()


def test_the_same_font_twice_is_kept_once(admin_client):
    for name in ("Sun", "Moon"):
        admin_client.post(page("add"), typed(name=name, **with_font(font())))

    assert FontFile.objects.count() == 1
    assert [theme.fonts.count() for theme in Theme.objects.all()] == [1, 1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"brand_colour": "green"}, "Write a colour as #0f6b3e."),
        ({"colour": "cmyk"}, "CMYK wants the profile of a press"),
        ({"symbology": "databar"}, "wants your company prefix from GS1"),
        ({"symbology": "qr", "company_prefix": "9501101"}, "A Digital Link leads to this address"),
        ({"dots_a_module": "2", "bar_reduction_dots": "2"}, "nothing would be left"),
        ({"imb_mailer": "1234567"}, "A mailer id has 6 or 9 digits."),
        ({"imb_service": "3"}, "A service type has 3 digits."),
        ({"language": "tlh"}, "Select a valid choice"),
        ({"profile_condition": "FOGRA51"}, "A condition wants the profile"),
    ],
)
def test_what_does_not_agree_is_said_in_words(admin_client, changes, said):
    assert said in refused(admin_client, **changes)


def test_files_that_cannot_be_used_are_refused_in_words(admin_client):
    no_profile = refused(
        admin_client, profile_file=upload(b"nothing", "a.icc"), profile_condition="FOGRA51"
    )
    assert "This file is not an ICC profile." in no_profile
    unnamed = refused(admin_client, profile_file=upload(cmyk_profile(), "a.icc"))
    assert "is wanted with a profile" in unnamed
    assert "TrueType" in refused(admin_client, **with_font(b"OTTO" + font()[4:]))
    assert "TrueType" in refused(admin_client, **with_font(font()[:4000]))
    assert "not a picture" in refused(admin_client, logo_file=upload(b"GIF or so", "logo.gif"))
    assert not FontFile.objects.exists()
    assert not PressProfile.objects.exists()
    assert not Picture.objects.exists()


def test_an_rgb_profile_is_no_profile_of_a_press(admin_client):
    from PIL import ImageCms

    screen = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    said = refused(admin_client, profile_file=upload(screen, "a.icc"), profile_condition="sRGB")

    assert "This profile describes RGB of class" in said
    assert "wanted: CMYK of a press" in said


def test_one_font_for_each_cut_and_any_number_for_other_letters(admin_client):
    twice = {**with_font(font()), **with_font(font(), at=1)}
    assert "one font of it is enough" in refused(admin_client, **twice)

    others = {**with_font(font(), "other"), **with_font(font(), "other", at=1)}
    admin_client.post(page("add"), typed(**others))

    assert Theme.objects.get().fonts.count() == 2


def test_pale_colours_fine_bars_and_odd_envelopes_are_warned_of():
    assert contrast_with_white("#ffffff") == pytest.approx(1)
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert warnings(Theme()) == []

    (fair,) = warnings(Theme(brand_colour="#3a8a5c"))
    assert "White words on the brand colour #3a8a5c stand out 4.2 to 1; 4.5" in fair
    said = " ".join(
        warnings(
            Theme(
                brand_colour="#ffcc00",
                accent_colour="#ff8888",
                window="us_10",
                symbology="ean_13",
                dots_a_module=5,
            )
        )
    )

    assert "stands out 1.5 to 1 on white paper in #ffcc00; 3 to 1 is wanted" in said
    assert "on white paper in #ff8888; 3 to 1 is wanted" in said
    assert "No. 10 is made for US Letter" in said
    assert "The narrowest bar is 0.212 mm" in said


def test_a_preview_is_a_picture_of_a_sheet_and_keeps_nothing(admin_client):
    told = previewed(admin_client, name="", brand_colour="#204080", **with_font(font()))

    assert "faults" not in told
    assert told["module"] == "0.254 mm"
    (source,) = told["pages"]
    image = seen(source)
    assert image.size == (745, 1053)
    assert (32, 64, 128) in colours(image)
    assert not Theme.objects.exists()
    assert not FontFile.objects.exists()


@pytest.mark.parametrize(
    "symbology", ["code_128", "ean_13", "gs1_128", "databar", "datamatrix", "qr"]
)
@pytest.mark.parametrize("places", ["4", "12"])
def test_every_barcode_has_room_in_a_preview_or_it_is_said_why_not(admin_client, symbology, places):
    told = previewed(
        admin_client,
        symbology=symbology,
        company_prefix="9501101",
        home="https://coupons.example",
        **{"preview-places": places},
    )

    assert told.get("pages") or "No sheet can be set so" in told["faults"][0]
    assert told.get("pages") or places == "12"


def test_a_preview_has_as_many_pages_as_the_sheet_and_speaks_its_language(admin_client):
    choices = {"preview-leaf": "letter", "preview-language": "de"}
    assert len(previewed(admin_client, **choices)["pages"]) == 2

    pdf = admin_client.post(page("proof"), typed(**choices))

    assert pdf["Content-Type"] == "application/pdf"
    document = pypdfium2.PdfDocument(pdf.content)
    said = document[0].get_textpage().get_text_range()
    document.close()
    assert "Guten Tag" in said


def test_a_proof_for_the_press_is_written_in_its_inks(admin_client):
    profile = {
        "colour": "cmyk",
        "profile_file": upload(cmyk_profile(), "press.icc"),
        "profile_condition": "FOGRA51",
    }

    told = previewed(admin_client, **profile)
    assert len(told["pages"]) == 1
    profile["profile_file"] = upload(cmyk_profile(), "press.icc")
    pdf = admin_client.post(page("proof"), typed(**profile)).content

    with pikepdf.open(io.BytesIO(pdf)) as document:
        (intent,) = document.Root.OutputIntents
        assert str(intent.OutputConditionIdentifier) == "FOGRA51"
    assert not PressProfile.objects.exists()


def test_a_preview_shows_offers_that_have_a_picture(admin_client):
    offer = make.offer()
    offer.photo = pictures.keep("oat drink", square())
    offer.save()

    pdf = admin_client.post(page("proof"), typed())

    document = pypdfium2.PdfDocument(pdf.content)
    said = document[0].get_textpage().get_text_range()
    document.close()
    assert "Oat drink" in said


def test_what_is_wrong_in_the_form_is_told_instead_of_a_picture(admin_client):
    told = previewed(admin_client, brand_colour="#12", **with_font(b"nothing"))

    assert told["faults"][0] == "Brand colour: Write a colour as #0f6b3e."
    assert any("Fonts: " in fault for fault in told["faults"])
    assert "pages" not in told
    proof = admin_client.post(page("proof"), typed(brand_colour="#12"))
    assert "Write a colour as" in proof.content.decode()
    assert "faults" in previewed(admin_client, **{"preview-places": "7"})


def test_a_theme_that_is_kept_is_previewed_with_its_files(admin_client):
    admin_client.post(
        page("add"), typed(logo_file=upload(square(), "logo.png"), **with_font(font()))
    )
    theme = Theme.objects.get()
    row = theme.fonts.get()
    kept = {
        "preview_theme": str(theme.pk),
        "logo": str(theme.logo_id),
        "fonts-TOTAL_FORMS": "1",
        "fonts-INITIAL_FORMS": "1",
        "fonts-0-id": str(row.pk),
        "fonts-0-theme": str(theme.pk),
        "fonts-0-cut": "black",
        "fonts-0-font": row.font_id,
        "fonts-0-place": "0",
    }

    told = previewed(admin_client, **kept)

    assert "faults" not in told
    (source,) = told["pages"]
    assert (32, 64, 128) in colours(seen(source))


def test_lists_and_pages_ask_few_questions(admin_client, django_assert_max_num_queries):
    for name in ("Sun", "Moon", "Star"):
        admin_client.post(page("add"), typed(name=name, **with_font(font())))
    theme = Theme.objects.get(name="Sun")
    make.mailing(theme=theme)

    with django_assert_max_num_queries(5):
        admin_client.get(page("changelist"))
    with django_assert_max_num_queries(14):
        body = admin_client.get(page("change", theme.pk)).content.decode()
    assert "1 mailing names it." in body
    assert "reprints look as they did" in body
    assert "coupons/theme.js" in body
    for model in ("fontfile", "pressprofile"):
        with django_assert_max_num_queries(5):
            admin_client.get(reverse(f"admin:coupons_{model}_changelist"))


def test_store_staff_may_look_at_themes_and_marketing_may_change_them(db):
    theme = Theme.objects.create(name="Sun")
    store, marketing = one_of("Store staff"), one_of("Marketing")

    assert store.get(page("change", theme.pk)).status_code == 200
    looked = store.get(page("change", theme.pk)).content.decode()
    assert "theme-preview-pages" not in looked
    assert "Its condition" not in looked
    assert store.post(page("preview"), typed()).status_code == 403
    assert store.post(page("proof"), typed()).status_code == 403
    assert store.post(page("default", theme.pk)).status_code == 403
    assert store.get(page("add")).status_code == 403
    assert "theme-preview-pages" in marketing.get(page("change", theme.pk)).content.decode()
    assert marketing.post(page("preview"), typed()).status_code == 200
    assert marketing.get(page("preview")).status_code == 405
