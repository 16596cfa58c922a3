"""The desk for money: everybody looks, Administrators settle, and nothing is taken back."""

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from coupons import reversing, settlement
from coupons.groups import ensure_groups
from coupons.models import Dispute, Funder, LedgerEntry, Redemption, Statement
from coupons.sheets import codes
from tests import make

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 31)


def page(name, *args):
    return reverse(f"admin:coupons_{name}", args=args)


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def staff(group):
    """Somebody at the desk who is in just this group."""
    ensure_groups()
    user = User.objects.create_user(f"one of {group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def redeemed(funder="Oat Works", day=date(2026, 3, 5)):
    offer = make.offer()
    offer.funder = make.funder(funder)
    offer.save()
    return Redemption.objects.create(
        offer=offer,
        coupon=make.coupon(codes.mint(), offer),
        amount=Decimal("0.50"),
        store=make.store(),
        till=1,
        business_date=day,
        receipt="1",
    )


def settled(funder="Oat Works"):
    """A coupon that was cleared and stated: its entry."""
    redemption = redeemed(funder)
    settlement.book()
    settlement.settle_all(MARCH)
    return LedgerEntry.objects.get(redemption=redemption, kind="redemption")


@pytest.fixture
def desk(admin_client, admin_user):
    """Of everything there is three of it, so that a question asked a row is seen."""
    for n in range(3):
        entry = settled(f"Funder {n}")
        reversing.reverse(redeemed(f"Funder {n}").pk, "returned")
        conceded = settlement.dispute(entry, Decimal("0.10"), "not ours")
        settlement.concede(conceded, admin_user, "Yes.")
        settlement.dispute(entry, Decimal("0.20"), "late")
    settlement.book()
    settlement.settle_all(MARCH)
    return admin_client


@pytest.mark.parametrize(
    ("model", "most"), [("funder", 6), ("ledgerentry", 9), ("statement", 9), ("dispute", 6)]
)
def test_a_list_asks_the_same_few_questions_however_long_it_is(
    desk, django_assert_max_num_queries, model, most
):
    with django_assert_max_num_queries(most):
        assert desk.get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("model", "most"), [("funder", 11), ("ledgerentry", 9), ("statement", 12), ("dispute", 4)]
)
def test_a_page_asks_the_same_few_questions_however_much_hangs_on_it(
    desk, django_assert_max_num_queries, model, most
):
    newest = apps.get_model("coupons", model)._default_manager.order_by("-pk")[0]
    with django_assert_max_num_queries(most):
        assert desk.get(page(f"{model}_change", newest.pk)).status_code == 200


def test_the_list_of_funders_tells_what_they_owe_and_what_they_dispute(admin_client):
    settlement.dispute(settled(), Decimal("0.58"), "not ours")

    body = admin_client.get(page("funder_changelist")).content.decode()

    assert "0.58 USD" in body
    assert "1 open" in body


def test_a_funder_who_pays_for_offers_keeps_its_name(admin_client):
    funder = make.offer().funder
    form = {"name": "Other", "reference": "47", "handling_fee": "0.10", "address": "1 Mill Street"}

    assert admin_client.post(page("funder_change", funder.pk), form).status_code == 302

    funder.refresh_from_db()
    assert (funder.name, funder.reference) == ("Oat Works", "47")


def test_a_month_is_settled_with_every_funder_after_a_question(admin_client, admin_user):
    for name in ("Oat Works", "Rye Works"):
        redeemed(name)
    settlement.book()
    url = page("statement_settle")

    asked = admin_client.get(url)
    assert b"every funder" in asked.content
    assert not Statement.objects.exists()
    response = admin_client.post(url, {"through": "2026-03-31"}, follow=True)

    assert "2026-03-OATWORKS-001, 2026-03-RYEWORKS-001" in said(response)
    assert [one.issued_by for one in Statement.objects.all()] == [admin_user] * 2
    assert "nothing to settle" in said(
        admin_client.post(url, {"through": "2026-03-31"}, follow=True)
    )


def test_a_month_is_settled_with_one_funder_from_its_page(admin_client):
    for name in ("Oat Works", "Rye Works"):
        redeemed(name)
    settlement.book()
    funder = Funder.objects.get(name="Rye Works")
    url = f"{page('statement_settle')}?funder={funder.pk}"
    assert url in admin_client.get(page("funder_change", funder.pk)).content.decode()

    admin_client.post(url, {"through": "2026-03-31"})

    assert Statement.objects.get().funder == funder


def test_a_month_that_is_not_over_is_refused_in_words(admin_client):
    redeemed(day=date(2126, 3, 5))
    settlement.book()

    response = admin_client.post(page("statement_settle"), {"through": "2126-03-31"}, follow=True)

    assert "The period until 31 March 2126 is not over" in said(response)
    assert not Statement.objects.exists()


def test_a_statement_shows_its_rows_and_gives_its_files(admin_client):
    statement = settled().statement_entry.statement

    body = admin_client.get(page("statement_change", statement.pk)).content.decode()
    table = admin_client.get(page("statement_csv", statement.pk))
    paper = admin_client.get(page("statement_pdf", statement.pk))

    assert "0.50 off Oat drink" in body
    assert "1 coupon, 0.58 USD in all, not paid yet." in body
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert table["Content-Disposition"] == 'attachment; filename="2026-03-OATWORKS-001.csv"'
    assert paper.content.startswith(b"%PDF")
    assert paper["Content-Disposition"] == 'inline; filename="2026-03-OATWORKS-001.pdf"'
    assert "frame-ancestors 'none'" in paper["Content-Security-Policy"]


def test_a_statement_is_paid_once_after_a_question(admin_client):
    statement = settled().statement_entry.statement
    url = page("statement_paid", statement.pk)
    assert b"0.58 USD" in admin_client.get(url).content

    assert "31 March 2026" in said(admin_client.post(url, {"on": "2026-03-31"}, follow=True))
    response = admin_client.post(url, {"on": "2026-04-09"}, follow=True)

    assert "is marked as paid" in said(response)
    statement.refresh_from_db()
    assert statement.paid_on == date(2026, 4, 9)
    assert url not in response.content.decode()


def test_an_entry_is_disputed_from_its_page_and_the_dispute_conceded(admin_client, admin_user):
    entry = settled()
    url = page("ledgerentry_dispute", entry.pk)
    assert url in admin_client.get(page("ledgerentry_change", entry.pk)).content.decode()
    assert b'value="0.58"' in admin_client.get(url).content

    admin_client.post(url, {"amount": "0.20", "reason": "not ours"})
    dispute = Dispute.objects.get()
    answer = page("dispute_answer", dispute.pk, "concede")
    assert b"They said: not ours" in admin_client.get(answer).content
    assert "is conceded" in said(
        admin_client.post(answer, {"answer": "You are right."}, follow=True)
    )

    dispute.refresh_from_db()
    assert (dispute.state, dispute.answer, dispute.closed_by) == (
        "conceded",
        "You are right.",
        admin_user,
    )
    assert dispute.booked is not None
    assert dispute.booked.face_value == Decimal("-0.20")


def test_a_dispute_is_upheld_and_then_answered_no_more(admin_client):
    dispute = settlement.dispute(settled(), Decimal("0.20"), "not ours")
    url = page("dispute_answer", dispute.pk, "uphold")

    admin_client.post(url, {"answer": "It was yours."})
    again = admin_client.post(url, {"answer": "It was yours."}, follow=True)

    assert "closed already" in said(again)
    assert not LedgerEntry.objects.filter(kind="dispute").exists()


def test_more_than_is_claimed_is_refused_in_words(admin_client):
    url = page("ledgerentry_dispute", settled().pk)

    response = admin_client.post(url, {"amount": "0.59", "reason": "all"}, follow=True)

    assert "more than the 0.58 still claimed" in said(response)
    assert not Dispute.objects.exists()


def test_disputes_that_wait_for_an_answer_come_first_and_the_others_when_asked(desk):
    def states(query):
        rows = desk.get(page("dispute_changelist") + query).context["cl"].result_list
        return sorted({row.state for row in rows})

    assert states("") == ["open"]
    assert states("?state=conceded") == ["conceded"]
    assert states("?state=all") == ["conceded", "open"]


def test_an_entry_is_found_by_its_coupon_and_by_its_statement(desk):
    entry = LedgerEntry.objects.filter(kind="redemption").order_by("pk")[0]
    coupon = entry.redemption.coupon
    assert coupon is not None
    code = codes.grouped(coupon.code).lower()

    found = desk.get(page("ledgerentry_changelist"), {"q": code}).context["cl"]
    stated = desk.get(
        page("ledgerentry_changelist"),
        {"statement_entry__statement": entry.statement_entry.statement_id},
    ).context["cl"]

    assert {row.redemption_id for row in found.result_list} == {entry.redemption_id}
    assert [row.pk for row in stated.result_list] == [entry.pk]
    assert (
        desk.get(page("ledgerentry_changelist"), {"q": "nonsense"}).context["cl"].result_count == 0
    )


def test_a_store_does_not_settle_pay_or_dispute():
    entry = settled()
    statement = entry.statement_entry.statement
    dispute = settlement.dispute(entry, Decimal("0.10"), "not ours")
    client = staff("Store staff")
    doing = [
        page("statement_settle"),
        page("statement_paid", statement.pk),
        page("ledgerentry_dispute", entry.pk),
        page("dispute_answer", dispute.pk, "concede"),
    ]

    for url in doing:
        assert client.post(url).status_code in (403, 404)  # or is not even shown to them
    for model, pk in (("statement", statement.pk), ("dispute", dispute.pk)):
        body = client.get(page(f"{model}_change", pk)).content.decode()
        assert not [url for url in doing if url in body]
    # What funders owe for all stores together is no store's business.
    marketing = staff("Marketing")
    for read in (page("statement_pdf", statement.pk), page("funder_add")):
        assert client.get(read).status_code == 403
        assert marketing.get(read).status_code == 200


def test_administrators_settle_but_not_even_they_change_the_ledger():
    entry = settled()
    client = staff("Administrators")

    assert client.get(page("statement_settle")).status_code == 200
    assert client.get(page("ledgerentry_add")).status_code == 403
    assert client.post(page("ledgerentry_change", entry.pk), {"coupons": "0"}).status_code == 403
    assert client.post(page("ledgerentry_delete", entry.pk), {"post": "yes"}).status_code == 403


def test_whoever_may_look_at_nothing_gets_no_files():
    statement = settled().statement_entry.statement
    client = Client()
    client.force_login(User.objects.create_user("visitor", is_staff=True))

    for name in ("csv", "pdf"):
        assert client.get(page(f"statement_{name}", statement.pk)).status_code == 403


def test_the_command_books_settles_and_writes_both_files(tmp_path, capsys):
    redeemed("Oat Works")
    redeemed("Rye Works")

    call_command("settle", "--funder=Oat Works", "--through=2026-03-31", f"--out={tmp_path}")

    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["2026-03-OATWORKS-001.csv", "2026-03-OATWORKS-001.pdf"]
    out = capsys.readouterr().out
    assert "2026-03-OATWORKS-001" in out
    assert "0.58 USD" in out

    call_command("settle", f"--out={tmp_path}")
    assert Statement.objects.count() == 2
    call_command("settle", f"--out={tmp_path}")
    assert "Nothing to settle until" in capsys.readouterr().out


def test_the_desk_asks_whether_a_credit_was_paid_out_not_whether_it_came(admin_client):
    reversing.reverse(settled().redemption_id, "returned")
    settlement.book()
    settlement.settle_all(MARCH)
    owed, credit = Statement.objects.order_by("pk")

    asked = [
        admin_client.get(page("statement_paid", one.pk)).content.decode() for one in (owed, credit)
    ]

    assert "all of 0.58 USD has come" in asked[0]
    assert "all of 0.58 USD was paid to them" in asked[1]


def test_the_bar_leads_to_statements_whoever_may_see_them(admin_client):
    link = f'<a href="{page("statement_changelist")}"{{}}>Statements</a>'
    for name in ("statement", "funder", "ledgerentry", "dispute"):
        body = admin_client.get(page(f"{name}_changelist")).content.decode()
        assert 'aria-current="true">Reports</a>' in body
        assert link.format(' aria-current="page"' if name == "statement" else "") in body
    assert ">Reports</a>" in staff("Marketing").get(page("offer_changelist")).content.decode()

    stranger = Client()
    stranger.force_login(User.objects.create_user("new here", is_staff=True))
    assert "Reports" not in stranger.get(reverse("admin:index")).content.decode()


def test_a_statement_that_lost_its_files_is_written_by_the_next_run(tmp_path, capsys):
    for name in ("Oat Works", "Rye Works", "Soy Works"):
        redeemed(name)
    run = ("settle", "--through=2026-03-31", f"--out={tmp_path}")
    call_command(*run)
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "2026-03-OATWORKS-001.pdf").unlink()
    (tmp_path / "2026-03-RYEWORKS-001.csv").unlink()
    capsys.readouterr()

    call_command(*run, "--funder=Rye Works")
    out = capsys.readouterr().out
    assert "missing on disk" in out
    assert "2026-03-RYEWORKS-001" in out
    assert "1 statement, as PDF and CSV" in out
    assert not (tmp_path / "2026-03-OATWORKS-001.pdf").exists()

    call_command(*run)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole
    capsys.readouterr()
    call_command(*run)
    assert "missing" not in capsys.readouterr().out
    assert Statement.objects.count() == 3


def test_a_statement_that_could_not_be_written_is_written_later_under_its_number(tmp_path):
    redeemed()
    in_the_way = tmp_path / "2026-03-OATWORKS-001.csv.part"
    in_the_way.mkdir()

    with pytest.raises(CommandError):
        call_command("settle", "--through=2026-03-31", f"--out={tmp_path}")
    in_the_way.rmdir()
    call_command("settle", "--through=2026-03-31", f"--out={tmp_path}")

    assert Statement.objects.count() == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_the_command_says_which_funders_there_are_and_refuses_a_month_to_come(tmp_path):
    redeemed(day=date(2126, 3, 5))

    with pytest.raises(CommandError, match="no funder 'Rye'; there are: Oat Works"):
        call_command("settle", "--funder=Rye")
    with pytest.raises(CommandError, match="is not over"):
        call_command("settle", "--through=2126-03-31", f"--out={tmp_path}")
