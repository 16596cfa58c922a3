"""Personal data: every field is known, a copy holds it all, and an erasure leaves none of it."""

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from coupons.models import Goodwill, Recipient, Redemption, Refusal, Segment, Sheet, TillAnswer
from loyalty import chunks, history, privacy, privacy_copy
from loyalty.models import (
    Card,
    Consent,
    DataRequest,
    Erasure,
    Household,
    Note,
    Preference,
    PurchaseChunk,
)
from loyalty.privacy_table import TABLE
from pos_integration import changes, dropping, ingest, keeping
from pos_integration.models import Basket, BasketLine, Reject, Upload
from tests import make

pytestmark = pytest.mark.django_db
CODE = make.code("7Q4MK2XP9TRD")
CARD = f"card-{CODE}"
SECRETS = ("Adelheid Unmistakable", "17 Nowhere Else Road", CARD)


def test_every_field_of_every_model_is_known_to_be_personal_or_not():
    found = {}
    for app in ("pos_integration", "loyalty", "coupons"):
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            fields = [f.name for f in model._meta.concrete_fields if f.name != "id"]
            found[f"{app}.{model.__name__}"] = sorted(fields)
    known = {name: sorted([*f.personal.split(), *f.other.split()]) for name, f in TABLE.items()}

    assert known == found


@pytest.fixture
def home(admin_user):
    """A household of which something is held everywhere."""
    coupon = make.coupon(CODE)
    household = coupon.sheet.household
    household.name = SECRETS[0]
    household.save()
    household.address.street = SECRETS[1]
    household.address.save()
    coupon.sheet.address = f"{SECRETS[0]}\n{SECRETS[1]}\n00000 Exampleton"
    coupon.sheet.save()
    till, _ = make.terminal()
    body = json.dumps({"card": CARD, "lines": [1]}).encode()
    upload = Upload.objects.create(
        terminal=till, sha256="a" * 64, body=body, size=len(body), state="loaded"
    )
    twice = Upload.objects.create(
        terminal=till, sha256="b" * 64, body=body, size=len(body), state="loaded", duplicates=1
    )
    Reject.objects.create(
        upload=twice, position=0, code="bad", detail=f"'{CARD}' is odd", raw=f"{CARD}, 1"
    )
    for day in (date(2026, 3, 5), date(2026, 3, 9)):
        sold = make.basket(CARD, day)
        make.line(sold)
        Basket.objects.filter(pk=sold.pk).update(upload=upload)
    make.line(make.basket("card-of-another"))
    history.seal()
    record = make.redemption_record(CODE)
    Basket.objects.filter(pk=record.basket_id).update(card_number=CARD)
    Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        record=record,
        amount=record.amount,
        store=record.basket.store,
        till=record.basket.till,
        business_date=record.basket.business_date,
        receipt=record.basket.receipt,
    )
    odd = make.redemption_record("NOSUCHCODE")
    Basket.objects.filter(pk=odd.basket_id).update(card_number=CARD)
    Refusal.objects.create(record=odd, reason="unknown_code", detail=f"shown with {CARD}")
    Goodwill.objects.create(coupon=coupon, why=f"{SECRETS[0]} found a stone")
    Recipient.objects.create(mailing=coupon.sheet.mailing, household=household, outcome="sheet")
    Segment.objects.create(name="List").households.add(household)
    TillAnswer.objects.create(
        terminal=till, key="1", request_sha256="c" * 64, status=200, body=CARD.encode()
    )
    with changes.acting(admin_user, "/admin/"):
        Note.objects.create(household=household, text=f"{SECRETS[0]} called")
        Household.objects.filter(pk=household.pk).update(members=3)
        Sheet.objects.filter(pk=coupon.sheet_id).update(language="de")
    Consent.objects.create(
        household=household,
        purpose="profiling",
        is_granted=False,
        said_at=timezone.now(),
        source="desk",
    )
    Preference.objects.create(household=household, category=make.category(), kind="favourite")
    privacy.ask(household, "copy", "desk")
    LogEntry.objects.log_actions(
        admin_user.pk, Household.objects.filter(pk=household.pk), CHANGE, f"Now {SECRETS[1]}"
    )
    LogEntry.objects.log_actions(
        admin_user.pk, [coupon.sheet.mailing], CHANGE, f"Added {SECRETS[0]}: Waiting"
    )
    return household


def everything_held() -> str:
    """All columns of all tables as text, binary ones as what they say."""
    text = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
            " JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE t.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
        )
        for table, column, kind in cursor.fetchall():
            shown = f'"{column}"::text'
            if kind == "bytea":
                shown = f"encode(\"{column}\", 'escape')"
            cursor.execute(f'SELECT string_agg({shown}, chr(10)) FROM "{table}"')
            text.append(f"{table}.{column}: {cursor.fetchone()[0]}")
    return "\n".join(text)


def copied(household) -> tuple[dict[str, Any], str]:
    out = io.BytesIO()
    privacy_copy.export(household, out)
    with zipfile.ZipFile(out) as archive:
        return json.loads(archive.read("data.json")), archive.read("index.html").decode()


def test_a_copy_holds_all_that_is_held_for_people_and_for_machines(home):
    data, page = copied(home)

    held = {name: len(part["rows"]) for name, part in data["parts"].items()}
    assert held == {
        "household": 1,
        "address": 1,
        "cards": 1,
        "consents": 1,
        "preferences": 1,
        "notes": 1,
        "requests": 1,
        "mergers": 0,
        "changes": 3,
        "summaries": 0,
        "profile": 0,
        "baskets": 4,
        "sheets": 1,
        "coupons": 1,
        "redemptions": 1,
        "refusals": 1,
        "goodwill": 1,
        "mailings": 1,
        "segments": 1,
    }
    assert data["parts"]["baskets"]["rows"][0]["lines"][0]["amount"] == "2.00"
    assert data["parts"]["coupons"]["rows"][0]["reason"] == "You buy this about every 9 days."
    assert data["about"]
    for secret in SECRETS:
        assert secret in page
    assert "<script" not in page
    assert "Nothing is held." in page


def test_a_copy_is_in_the_households_language_and_shows_markup_as_text(home):
    home.name, home.language = "<b>Ada</b>", "de"
    home.save()

    _, page = copied(home)
    assert '<html lang="de">' in page
    assert "&lt;b&gt;Ada" in page
    assert "<b>Ada" not in page


def test_after_an_erasure_nothing_in_the_database_names_the_household(home, admin_user):
    before = everything_held()
    assert all(secret in before for secret in SECRETS)
    sales = BasketLine.objects.count()

    proof = privacy.erase(home, admin_user, "asked for it")

    after = everything_held()
    for secret in SECRETS:
        at = after.find(secret)
        assert at < 0, after[max(0, at - 200) : at + 200]
    assert proof.household_number == home.pk
    assert proof.counts["receipts"] == 4
    assert proof.counts["coupons"] == 1
    assert BasketLine.objects.count() == sales
    assert Redemption.objects.count() == 1
    assert str(Household.objects.get(pk=home.pk)) == f"Household {home.pk}"
    assert privacy.erase(home, admin_user, "again") == proof
    assert Erasure.objects.count() == 1


def test_purchases_that_were_sealed_lie_with_those_without_a_card_afterwards(home):
    another = Card.objects.get(number="card-of-another")
    privacy.erase(home, None, "asked for it")

    cards: dict[int, int] = {}
    for chunk in PurchaseChunk.objects.all():
        for card in chunks.table(chunk.data)["card"].to_pylist():
            cards[card] = cards.get(card, 0) + 1
            assert card or chunk.bucket == history.WITHOUT_CARD
    assert cards == {0: 2, another.pk: 1}
    history.seal()  # what was not sealed yet comes without a card
    assert not Card.objects.filter(number=CARD).exists()


def test_a_household_is_erased_with_those_that_were_merged_into_it(home, admin_user):
    from loyalty import merging

    gone = make.household("card-of-the-other-half", "Other Half")
    merging.merge(home, gone, admin_user)
    with pytest.raises(privacy.ErasureError, match="is part of"):
        privacy.erase(gone, None, "asked for it")

    privacy.erase(home, None, "asked for it")
    after = everything_held()
    assert "Other Half" not in after
    assert "card-of-the-other-half" not in after
    assert privacy.is_erased(gone.pk)


def test_a_file_that_waits_and_names_the_card_is_loaded_first(home):
    till, _ = make.terminal()
    waiting = Upload.objects.create(
        terminal=till, sha256="d" * 64, body=CARD.encode(), size=len(CARD), state="received"
    )
    with pytest.raises(privacy.ErasureError, match="waits to be loaded"):
        privacy.erase(home, None, "asked for it")
    assert Card.objects.filter(number=CARD).exists()

    waiting.delete()
    privacy.erase(home, None, "asked for it")


def test_bytes_of_loaded_uploads_go_after_their_time_and_figures_stay(settings):
    settings.UPLOAD_DAYS = 30
    till, _ = make.terminal()
    upload, _ = _kept(till, b"old bytes")
    fresh, _ = _kept(till, b"new bytes")
    Upload.objects.update(state="loaded", baskets=3)
    long_ago = timezone.now() - timedelta(days=40)
    Upload.objects.filter(pk=upload.pk).update(received_at=long_ago)

    assert privacy.retain(timezone.localdate())["uploads"] == 1
    assert privacy.retain(timezone.localdate())["uploads"] == 0
    upload.refresh_from_db()
    assert dropping.is_dropped(upload)
    assert upload.baskets == 3
    assert keeping.opened(upload).read() == b""
    assert keeping.opened(Upload.objects.get(pk=fresh.pk)).read() == b"new bytes"
    assert not dropping.is_dropped(fresh)
    with pytest.raises(dropping.GoneError):
        ingest.replay(upload.pk)
    with pytest.raises(CommandError, match="Ask the till for the file"):
        call_command("replay_upload", upload.pk)
    assert not upload.replays.exists()


def test_an_upload_whose_bytes_are_gone_is_not_loaded_again_from_the_desk(admin_client):
    till, _ = make.terminal()
    upload, _ = _kept(till, b"old bytes")
    Upload.objects.update(state="loaded")
    page = reverse("admin:pos_integration_upload_change", args=[upload.pk])
    again = reverse("admin:pos_integration_upload_replay", args=[upload.pk])
    assert again in admin_client.get(page).content.decode()
    dropping.drop([upload.pk])

    assert again not in admin_client.get(page).content.decode()
    said = admin_client.post(again, {"confirmed": "1", "replays": "0"}, follow=True)
    assert "Ask the till for the file" in said.content.decode()
    assert not upload.replays.exists()


def _kept(till, body: bytes):
    """An upload as `keeping.accept` keeps it, which wants no transaction around it."""
    from isal import igzip

    row = Upload.objects.create(
        terminal=till,
        sha256=f"{len(body)}{body.hex():0>60}"[:64],
        body=igzip.compress(body, 1),
        is_packed=True,
        size=len(body),
    )
    return row, True


def test_who_has_not_come_for_the_time_set_is_erased_and_never_by_itself(settings):
    home = make.household()
    assert privacy.retain(timezone.localdate())["households"] == 0
    settings.HOUSEHOLD_IDLE_DAYS = 365
    assert privacy.retain(timezone.localdate())["households"] == 0  # nothing is known of its trips
    assert Household.objects.get(pk=home.pk).name == "Ada Example"


def test_a_request_is_due_in_a_month_and_asked_once(home):
    first = privacy.ask(home, "erasure", "own page", on=date(2026, 1, 31))
    again = privacy.ask(home, "erasure", "own page", on=date(2026, 2, 2))

    assert first == again
    assert first.due_on == date(2026, 2, 28)
    assert privacy.settle(home, "erasure", None) == 1
    assert DataRequest.objects.filter(household=home, done_at=None).count() == 1  # the copy


def test_commands_hand_over_the_copy_and_erase_after_a_question(home, tmp_path, monkeypatch):
    out = tmp_path / "copy.zip"
    call_command("export_household", CARD, out=out)
    assert zipfile.is_zipfile(out)
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_household", CARD, out=out)
    with pytest.raises(CommandError, match="no household has"):
        call_command("export_household", "nobody", out=tmp_path / "b.zip")

    monkeypatch.setattr("builtins.input", lambda asked: "no")
    with pytest.raises(CommandError, match="nothing was erased"):
        call_command("erase_household", CARD, why="asked for it")
    monkeypatch.setattr("builtins.input", lambda asked: str(home.pk))
    call_command("erase_household", CARD, why="asked for it")
    assert privacy.is_erased(home.pk)
