"""The desk for nights: how far one is, what it found, what it was computed with."""

import re
from datetime import date

import pytest

from loyalty import fitted
from loyalty.models import BucketReceipt, ModelRun
from loyalty.rebuild import STEPS
from tests.loyalty.believing import AS_OF, night, page

pytestmark = pytest.mark.django_db


def words_of(client, url):
    """The page without its tags."""
    response = client.get(url)
    assert response.status_code == 200
    body = re.sub(r"<(title|desc)[^>]*>.*?</\1>", "", response.content.decode())
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


REPORT = {
    "seconds": {"a step": 0.5, "items": 12.3, "score": 2000.1},
    "households": 2467,
    "lines": 1_440_000,
    "shared": 3,
    "newcomers": 12,
    "tiers": {"bronze": 1200, "gold": 300, "silver": 700, "platinum": 100, "wood": 100},
    "moves": [["silver", "gold", 12], ["gold", "bronze", 40], [None, "silver", 2]],
    "begun": 2,
    "coverage": {"needs": 0.98123, "discoveries": None},
    "hardest buckets": [3, 7],
}


def test_a_running_night_tells_how_far_it_is_on_the_list_and_on_its_page(admin_client, settings):
    running = ModelRun.objects.create(as_of=AS_OF, history_hash="0" * 64)
    for bucket in range(3):
        BucketReceipt.objects.create(
            run=running, step="items", bucket=bucket, households=1, lines=1, seconds=0.1
        )
    said = f"3 of {len(STEPS) * settings.LOYALTY_BUCKETS} pieces"

    assert said in words_of(admin_client, page("modelrun_changelist"))
    body = words_of(admin_client, page("modelrun_change", running.pk))
    assert f"How far it is look again for more {said}" in body
    assert "Changes of tier" not in body


def test_a_night_reports_its_tiers_its_moves_and_its_steps(admin_client):
    run = night(report=REPORT, seconds=2014.1)

    body = words_of(admin_client, page("modelrun_change", run.pk))

    tiers = "platinum 4 % 100 gold 12 % 300 silver 29 % 700 bronze 50 % 1,200 wood 4 % 100"
    assert tiers in body, "the best first, a tier of another time last"
    moves = "fell gold bronze 40 rose silver gold 12 came \N{EN DASH} silver 2"
    assert moves in body
    assert "Adding up every item 12.3 s Scoring every household 2,000.1 s A step 0.5 s" in body
    for figure in (
        "Kept out: their cards seem to be shared 3",
        "Known for 3 trips or fewer 12",
        "Lines read 1,440,000",
        "Times it was begun, after being cut short 2",
        "Coverage: needs 0.9812",
        "Coverage: discoveries \N{EN DASH}",
        "Hardest buckets 3, 7",
    ):
        assert figure in body


def test_a_night_names_the_versions_it_was_computed_with(admin_client):
    run = night()
    model = fitted.keep("needs", {"a": 1}, as_of=date(2017, 10, 1), figures={}, use=True)
    run.learned.add(model)

    response = admin_client.get(page("modelrun_change", run.pk))

    link = f'<a href="{page("fittedmodel_change", model.pk)}">version 1</a>'
    assert link in response.content.decode()
    assert "What a household needs, and when" in response.content.decode()


def test_a_night_without_a_report_says_why_and_what_to_do(admin_client):
    body = words_of(admin_client, page("modelrun_change", night().pk))

    assert "2,469 households were rebuilt from 1,441,000 lines in 6.2 s" in body
    assert "Not counted" in body
    assert "No household changed its tier" in body
    assert "Learn anew now" in body


def test_a_night_page_asks_few_questions_however_much_it_reports(
    admin_client, django_assert_max_num_queries
):
    run = night(report=REPORT)
    for kind in ("needs", "discovery", "value", "newcomers"):
        run.learned.add(fitted.keep(kind, {}, as_of=AS_OF, figures={}, use=True))
    with django_assert_max_num_queries(6):
        words_of(admin_client, page("modelrun_change", run.pk))


def test_the_trial_of_an_export_is_nobodys_night(admin_client):
    trial = night(state="trial")
    shown = night(state="replaced")

    response = admin_client.get(page("modelrun_changelist"))

    assert [run.pk for run in response.context["cl"].result_list] == [shown.pk]
    assert "Trial" not in response.content.decode()
    assert admin_client.get(page("modelrun_change", trial.pk)).status_code == 302


def test_nights_are_filtered_by_their_state(admin_client):
    shown = night()
    night(state="replaced")

    response = admin_client.get(page("modelrun_changelist"), {"state": "published"})

    assert [run.pk for run in response.context["cl"].result_list] == [shown.pk]
