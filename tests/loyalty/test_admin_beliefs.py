"""The desk for beliefs: a household's page says what is believed of it, and why."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from loyalty.admin.words import due_pill, price_words, within_words
from loyalty.models import Consent, Household, HouseholdSummary, ModelRun, Profile
from pos_integration.models import Category
from tests import make
from tests.loyalty.believing import AS_OF, night, page, summary

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return night()


@pytest.fixture
def home(run):
    household = make.household(card="9001")
    summary(run, household)
    items = [make.product(f"{n:014}", f"Item {n}") for n in range(12)]
    needs = [[item.pk, 0.9 - 0.05 * n, 9, 7.0, "2017-10-28"] for n, item in enumerate(items)]
    Profile.objects.create(run=run, household=household, needs=needs)
    return household


def body_of(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def panel(body, title):
    """The text of the panel with this title, tags taken out."""
    found = re.search(rf"<h2>{re.escape(title)}.*?</section>", body, re.DOTALL)
    assert found, f"no panel {title}"
    text = re.sub(r"<(title|desc)[^>]*>.*?</\1>", "", found.group())
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_household_page_begins_with_a_sentence_on_its_habits(admin_client, home):
    body = body_of(admin_client, page("household_change", home.pk))

    assert (
        "Gold. Shops about every 4 days, last on 28 Oct; spent 2,340.00 in the last 52 weeks."
        in body
    )
    assert body.count("<rect") >= 52
    assert "Item 9" in body
    assert "Item 10" not in body, "ten needs, the likeliest"
    assert "in 5 days" in body
    assert "style=" not in body.split('<div class="panels home-parts">')[1]
    assert "<fieldset" not in body, "it is read first"


@pytest.fixture
def known(run):
    """A household of which everything is believed that can be."""
    household = make.household(card="9002", name="Bo Example")
    meat = Category.objects.create(
        name="Fish", level="category", parent=make.category(level="department")
    )
    believed = summary(
        run,
        household,
        weekly_trips=[2] * 51 + [4],
        weekly_spend_cents=[4500] * 51 + [12_345],
        home_store=make.store("330"),
        favourite_daypart="morning",
        lifetime_value=Decimal("1890.00"),
        lifetime_margin=Decimal("350.00"),
        wallet_share=0.58,
        wallets=[["Meat", 0.31, 41_250], ["Drugstore", 0.44, 9_900]],
        price_sensitivity=0.5,
    )
    Profile.objects.create(
        run=run, household=household, needs=[], discoveries=[[meat.pk, 0.12, meat.pk]]
    )
    return believed


@pytest.mark.parametrize("where", ["household", "summary"])
def test_all_that_is_believed_stands_on_both_pages_with_its_day(admin_client, known, where):
    urls = {
        "household": page("household_change", known.household_id),
        "summary": page("householdsummary_change", known.pk),
    }
    body = body_of(admin_client, urls[where])

    if where == "summary":
        glance = panel(body, "At a glance")
        assert "Tier Gold spent 2,340.00 in 52 weeks" in glance
        assert "Expected in a year 2,400 spend" in glance
        assert "Worth in three years 1,890 margin" in glance
        assert "Our share of its groceries 58 % room: Meat, Drugstore" in glance
    else:
        found = re.search(r'<dl class="home-figures">.*?</dl>', body, re.DOTALL)
        assert found
        figures = found.group()
        glance = " ".join(re.sub(r"<[^>]+>", " ", figures).split())
        assert "Tier Gold spent 2,340.00 in 52 weeks" in glance
        assert "Value over 3 years 1,890 margin, \N{PLUS-MINUS SIGN} 350" in glance
        assert "Share of wallet 58 % weak in: meat, drugstore" in glance
    worth = panel(body, "What it is worth")
    assert "4 of 5 such households end between 2,100 and 2,700" in worth
    assert "4 of 5 such households end between 1,540 and 2,240" in worth
    assert "Worth about 1,890 in margin over three years;" in worth
    elsewhere = panel(body, "What it buys elsewhere")
    assert "Meat 31 % 412" in elsewhere
    assert "Buys about two thirds of its groceries here. Buys about two thirds of its" in elsewhere
    assert "Fish Fish 12 %" in panel(body, "What it may like and does not know")
    habits = panel(body, "Habits")
    assert "High Street 330" in habits
    assert "Comes 2 times a week" in habits
    assert "Saturdays, in the morning" in habits
    assert price_words(0.5) in habits
    weeks = panel(body, "Spend a week")
    assert "2.0 trips" in weeks
    assert "29 Oct 2017 10 258.45" in weeks, "the same as a table, four weeks a row"
    assert body.count("as of 30 Oct 2017") >= 8
    assert "nan" not in panel(body, "In figures").lower()


def test_every_plot_on_the_page_is_sound_xml_and_says_what_it_shows(admin_client, known):
    body = body_of(admin_client, page("householdsummary_change", known.pk))
    drawn = [svg for svg in re.findall(r"<svg.*?</svg>", body, re.DOTALL) if 'role="img"' in svg]

    assert len(drawn) >= 5
    for svg in drawn:
        root: Any = ElementTree.fromstring(svg)
        assert root.find("title").text
        assert "nan" not in svg.lower()
        assert "style=" not in svg
    assert "at most 123.45 in the week of 23 Oct 2017" in body


def test_what_is_not_known_of_a_household_says_so(admin_client, home):
    body = body_of(admin_client, page("household_change", home.pk))

    assert "not known yet" in panel(body, "Habits")
    assert "Not known yet for three years." in panel(body, "What it is worth")
    assert "Not known: it takes some weeks" in panel(body, "What it buys elsewhere")
    assert "Nothing suggests itself" in panel(body, "What it may like and does not know")
    assert "trips" not in panel(body, "Spend a week").split("The same")[0]


def test_a_newcomer_is_shown_with_what_others_buy_at_its_store(admin_client, run):
    household = make.household()
    summary(
        run,
        household,
        frequency=2,
        home_store=make.store("331"),
        weekly_spend_cents=[0] * 51 + [2000],
        weekly_trips=[0] * 51 + [2],
    )
    bought, others = make.product("1" * 14, "Bread"), make.product("2" * 14, "Milk")
    needs = [[others.pk, 0.4, 0, None, None], [bought.pk, 0.3, 1, 9.0, "2017-10-28"]]
    Profile.objects.create(run=run, household=household, needs=needs)

    body = body_of(admin_client, page("household_change", household.pk))

    assert "Known for 2 trips: mostly what others buy at High Street 331." in body
    rows = panel(body, "What it needs")
    assert "Milk others buy it not bought yet 40 %" in rows
    assert "Bread once not known 30 %" in rows


def test_a_shared_card_is_warned_of_with_its_reason(admin_client, run):
    household = make.household()
    why = "9 baskets a day at 4 tills"
    believed = summary(run, household, is_shared=True, shared_reason=why)

    for url in (
        page("household_change", household.pk),
        page("householdsummary_change", believed.pk),
    ):
        body = body_of(admin_client, url)
        warning = panel(body, "This card seems to be shared")
        assert f"kept out of the models {why}." in warning
        assert f"No single household&#x27;s, as it seems: {why}." in body
        assert "Shopping days in all 88" in panel(body, "In figures")
        assert "At a glance" not in body, "facts, and no belief"


def test_a_household_with_an_empty_summary_has_a_page_all_the_same(admin_client, run):
    believed = summary(
        run,
        make.household(name="<b>Bo</b>"),
        weekly_spend_cents=[],
        categories=[],
        mean_gap_days=None,
        favourite_weekday=-1,
        frequency=1,
        monetary=0,
        year_value=0,
        year_margin=0,
    )

    body = body_of(admin_client, page("householdsummary_change", believed.pk))

    assert "No week is known yet" in body
    assert "Known for 1 trip: mostly what others buy at its store." in body
    assert "between 0 and 0" in body
    assert "no day in particular" in body
    assert "<b>Bo</b>" not in body


@pytest.mark.parametrize(
    ("middle", "margin", "said"),
    [("100.00", "30.00", "between 70 and 130"), ("10.00", "30.00", "between 0 and 40")],
)
def test_nobody_is_expected_to_be_worth_less_than_nothing(middle, margin, said):
    assert said in within_words(Decimal(middle), Decimal(margin))


def test_a_household_that_never_shopped_says_so(admin_client):
    response = admin_client.get(page("household_change", make.household().pk))

    assert b"Nothing is believed of this household yet" in response.content


def test_a_household_page_asks_the_same_questions_for_one_need_and_for_sixty(
    admin_client, home, known, django_assert_max_num_queries
):
    for household in (home.pk, known.household_id):
        with django_assert_max_num_queries(15):
            body_of(admin_client, page("household_change", household))


def test_a_summary_page_asks_few_questions(admin_client, known, django_assert_max_num_queries):
    with django_assert_max_num_queries(7):
        body_of(admin_client, page("householdsummary_change", known.pk))


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"tier": "silver"}, ["Cy"]),
        ({"shared": "yes"}, ["Di"]),
        ({"shared": "no"}, ["Cy", "Ed"]),
        ({"trips": "few"}, ["Ed"]),
        ({"trips": "more"}, ["Cy", "Di"]),
        ({"q": "card-Di"}, ["Di"]),
        ({"q": "cy"}, ["Cy"]),
        ({"q": "00000"}, ["Cy", "Di", "Ed"]),
        ({"q": "nobody"}, []),
        ({"tier": "silver", "shared": "yes"}, []),
    ],
)
def test_summaries_are_filtered_and_searched(admin_client, run, chosen, found):
    summary(run, make.household("card-Cy", "Cy"), tier="silver")
    summary(run, make.household("card-Di", "Di"), is_shared=True)
    summary(run, make.household("card-Ed", "Ed"), frequency=3)

    response = admin_client.get(page("householdsummary_changelist"), chosen)

    rows = response.context["cl"].result_list
    assert sorted(row.household.name for row in rows) == found
    if not found:
        assert b"Nothing matches" in response.content


def test_of_a_shared_card_the_list_tells_what_it_spent_and_no_tier(admin_client, run):
    summary(run, make.household(name="Di"), is_shared=True, tier="bronze", year_value=0)

    body = body_of(admin_client, page("householdsummary_changelist")).split("</thead>")[1]

    assert "2,340.00" in body
    assert '<span class="pill pill-bad">shared</span>' in body
    assert "bronze" not in body.split("</table>")[0]


def test_the_list_of_summaries_reads_no_weeks_and_no_shares(admin_client, run):
    summary(run, make.household())
    response = admin_client.get(page("householdsummary_changelist"))

    [row] = response.context["cl"].result_list
    heavy = {"weekly_spend_cents", "weekly_trips", "categories", "wallets"}
    assert heavy <= row.get_deferred_fields()


def test_an_empty_list_of_summaries_says_what_to_do(admin_client):
    body = body_of(admin_client, page("householdsummary_changelist"))

    assert "Start a night" in body


def test_nobody_adds_changes_or_deletes_a_belief(admin_client, known):
    for url in (
        page("householdsummary_add"),
        page("householdsummary_delete", known.pk),
        page("modelrun_add"),
        page("modelrun_delete", known.run_id),
        page("modelrun_change", known.run_id),
        page("householdsummary_change", known.pk),
    ):
        assert admin_client.post(url, {"tier": "platinum"}).status_code == 403
    assert HouseholdSummary.objects.get().tier == "gold"


@pytest.mark.parametrize(
    ("model", "most"),
    [("household", 7), ("householdsummary", 5), ("card", 5), ("modelrun", 7), ("purchasechunk", 4)],
)
def test_a_list_of_beliefs_asks_the_same_few_questions(
    admin_client, home, run, django_assert_max_num_queries, model, most
):
    for _ in range(5):
        summary(run, make.household())
    with django_assert_max_num_queries(most):
        assert admin_client.get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize("typed", ["9001", "00000", "Ada", "exam"])
def test_a_household_is_found_by_card_postcode_or_name(admin_client, home, typed):
    response = admin_client.get(page("household_changelist"), {"q": typed})

    assert [row.pk for row in response.context["cl"].result_list] == [home.pk]


@pytest.mark.parametrize(
    ("last_on", "gap", "days_bought", "said"),
    [
        (date(2017, 10, 28), 7.0, 5, "in 5 days"),
        (date(2017, 10, 29), 2.0, 5, "in 1 day"),
        (date(2017, 10, 23), 7.0, 5, "today"),
        (date(2017, 10, 21), 7.0, 5, "2 days late"),
        (date(2017, 10, 5), 7.0, 5, "18 days late"),  # on paper it is not given up yet
        (date(2017, 5, 2), 7.0, 5, "lapsed in May"),
        (date(2017, 10, 28), 7.0, 1, "not known"),
    ],
)
def test_what_is_due_is_told_as_the_model_has_it(last_on, gap, days_bought, said):
    assert said in due_pill(days_bought, gap, last_on, AS_OF)


def test_only_what_the_published_night_believes_is_listed(admin_client, home, run):
    other = ModelRun.objects.create(as_of=date(2017, 10, 31), history_hash="1" * 64)
    summary(other, home, tier="bronze")

    response = admin_client.get(page("householdsummary_changelist"))

    assert [row.tier for row in response.context["cl"].result_list] == ["gold"]


def test_consent_is_added_to_and_what_was_said_before_stays(admin_client):
    home = make.household()
    said = Consent.objects.create(
        household=home,
        purpose="post",
        is_granted=True,
        said_at=datetime(2025, 1, 1, tzinfo=UTC),
        source="form",
    )
    form = {
        "name": "Ada Example",
        "joined_on": "2025-01-01",
        "language": "de",
        "address-TOTAL_FORMS": 1,
        "address-INITIAL_FORMS": 1,
        "address-0-id": home.address.pk,
        "address-0-household": home.pk,
        "address-0-street": "2 New Road",
        "address-0-postcode": "11111",
        "address-0-city": "Exampleton",
        "address-0-country": "US",
        "address-0-is_deliverable": "on",
        "cards-TOTAL_FORMS": 0,
        "cards-INITIAL_FORMS": 0,
        "preferences-TOTAL_FORMS": 1,
        "preferences-INITIAL_FORMS": 0,
        "preferences-0-household": home.pk,
        "preferences-0-category": make.category().pk,
        "preferences-0-kind": "never",
        "consents-TOTAL_FORMS": 1,
        "consents-INITIAL_FORMS": 0,
        "consents-0-household": home.pk,
        "consents-0-purpose": "post",
        "consents-0-said_at_0": "2026-01-01",
        "consents-0-said_at_1": "12:00",
        "consents-0-source": "desk",
    }

    response = admin_client.post(page("household_change", home.pk), form)

    assert response.status_code == 302, response.context["errors"]
    assert home.preferences.get().kind == "never"
    assert Household.objects.get().address.street == "2 New Road"
    assert Household.objects.get().language == "de"
    latest, before = home.consents.order_by("-said_at")
    assert before == said
    assert before.is_granted
    assert not latest.is_granted


@pytest.mark.parametrize("model", ["household", "householdsummary"])
@pytest.mark.parametrize("typed", ["'; --", "%", "_ _"])
def test_signs_alone_are_nobody_s_name(admin_client, home, model, typed):
    page_of = page(f"{model}_changelist")

    assert not list(admin_client.get(page_of, {"q": typed}).context["cl"].result_list)
    assert list(admin_client.get(page_of, {"q": f"Ada {typed}"}).context["cl"].result_list)
    assert list(admin_client.get(page_of, {"q": "  "}).context["cl"].result_list)
