"""The desk for what was learned: who may look, who may act, and what a version tells of itself."""

import json
import re
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from loyalty import fitted
from loyalty.models import FittedModel
from tests.loyalty.believing import night, page, staff

pytestmark = pytest.mark.django_db

FIGURES = {
    "measure": "log-loss",
    "new": 0.123,
    "before": 0.125,
    "households": 400,
    "decided": "The new one is used: it is better.",
}


def words_of(client, url):
    response = client.get(url)
    assert response.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def learned(kind="needs", *, use=False, parameters=None, figures=None):
    return fitted.keep(
        kind,
        parameters or {"weights": [0.5, 1.5, 2.5], "trees": "tree\n" * 500, "half_life": 13},
        as_of=date(2017, 10, 1),
        figures=FIGURES if figures is None else figures,
        use=use,
    )


@pytest.fixture
def versions():
    return learned(), learned(use=True), learned()


def in_use():
    return [(model.kind, model.version) for model in FittedModel.objects.filter(in_use=True)]


def said(response):
    return " ".join(str(message) for message in response.context["messages"])


def test_versions_are_listed_by_kind_with_the_newest_first(admin_client, versions):
    learned("discovery", figures={"measure": "recall@5", "new": 0.141, "before": None})

    body = words_of(admin_client, page("fittedmodel_changelist"))

    order = [body.index(words) for words in ("What it may like", "What a household needs")]
    assert order == sorted(order)
    assert "Log-loss 0.123, before 0.125 better" in body
    assert "Recall@5 0.141" in body
    response = admin_client.get(page("fittedmodel_changelist"))
    rows = response.context["cl"].result_list
    assert [(row.kind, row.version) for row in rows] == [
        ("discovery", 1),
        ("needs", 3),
        ("needs", 2),
        ("needs", 1),
    ]
    assert all("parameters" in row.get_deferred_fields() for row in rows)


def test_one_click_puts_a_version_to_use_and_is_written_down(admin_client, versions):
    first, second, _ = versions
    url = page("fittedmodel_use", first.pk)
    assert (
        f'formaction="{url}"'
        in admin_client.get(page("fittedmodel_change", first.pk)).content.decode()
    )

    response = admin_client.post(url, follow=True)

    assert in_use() == [("needs", 1)]
    assert "The next night uses needs, version 1, instead of version 2." in said(response)
    entry = LogEntry.objects.get()
    assert entry.object_id == str(first.pk)
    assert "Put to use from the next night, instead of version 2." in entry.get_change_message()
    second.refresh_from_db()
    assert not second.in_use


def test_a_second_click_changes_and_writes_nothing(admin_client, versions):
    url = page("fittedmodel_use", versions[1].pk)

    assert admin_client.post(url).status_code == 302

    assert in_use() == [("needs", 2)]
    assert not LogEntry.objects.exists()


def test_looking_puts_nothing_to_use(admin_client, versions):
    answer = admin_client.get(page("fittedmodel_use", versions[0].pk))
    assert answer.url == page("fittedmodel_change", versions[0].pk)
    assert admin_client.get(page("fittedmodel_learn")).status_code == 200
    assert in_use() == [("needs", 2)]
    assert not OrmQ.objects.exists()


def test_a_click_from_another_site_does_nothing(admin_user, versions):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    for url in (page("fittedmodel_use", versions[0].pk), page("fittedmodel_learn")):
        assert client.post(url).status_code == 403
    assert in_use() == [("needs", 2)]
    assert not OrmQ.objects.exists()


def test_the_button_of_the_page_carries_the_token_that_its_post_needs(admin_user, versions):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    for name, args in (("fittedmodel_change", [versions[0].pk]), ("fittedmodel_changelist", [])):
        body = client.get(page(name, *args)).content.decode()
        url = page("fittedmodel_use", versions[0].pk)
        form = next(
            part
            for part in re.findall(r"<form.*?</form>", body, re.DOTALL)
            if f'formaction="{url}"' in part
        )
        assert form.count("<form") == 1
        [token] = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)

        assert client.post(url, {"csrfmiddlewaretoken": token}).status_code == 302
        assert in_use() == [("needs", 1)]
        fitted.put_to_use(versions[1])


@pytest.mark.parametrize(
    ("group", "may_act"),
    [("Store staff", False), ("Marketing", True), ("Administrators", True)],
)
def test_everybody_may_look_and_marketing_acts(versions, group, may_act):
    client = staff(group)

    for url in (page("fittedmodel_changelist"), page("fittedmodel_change", versions[0].pk)):
        body = words_of(client, url)
        assert bool(re.search("Use (this version )?from the next night", body)) is may_act
    body = words_of(client, page("fittedmodel_changelist"))
    assert ("Learn anew now" in body) is may_act
    expected = 302 if may_act else 403
    assert client.post(page("fittedmodel_use", versions[0].pk)).status_code == expected
    assert client.post(page("fittedmodel_learn")).status_code == expected
    assert in_use() == [("needs", 1 if may_act else 2)]
    assert OrmQ.objects.count() == may_act


def test_who_is_not_signed_in_is_asked_to(client, versions):
    for url in (
        page("fittedmodel_changelist"),
        page("fittedmodel_use", versions[0].pk),
        page("fittedmodel_learn"),
    ):
        assert "/login/" in client.post(url)["Location"]
    assert in_use() == [("needs", 2)]


@pytest.mark.parametrize("group", ["Marketing", "Administrators"])
def test_nobody_adds_edits_or_deletes_a_version(versions, group):
    client = staff(group)
    model = versions[0]

    assert client.get(page("fittedmodel_add")).status_code == 403
    assert client.post(page("fittedmodel_delete", model.pk)).status_code == 403
    assert client.post(page("fittedmodel_change", model.pk), {"version": 9}).status_code == 403
    assert FittedModel.objects.count() == 3


def test_learning_anew_is_asked_first_and_then_queued_with_today(admin_client):
    asked = words_of(admin_client, page("fittedmodel_learn"))
    assert "Earlier versions are kept" in asked

    response = admin_client.post(page("fittedmodel_learn"), follow=True)

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == (
        "coupons.tasks.learn",
        (timezone.localdate().isoformat(),),
    )
    assert "waits its turn" in said(response)
    history = admin_client.get("/admin/pos_integration/change/").text
    assert "Learning, started by hand" in history
    assert "Fitted model" in history


def test_learning_asked_for_twice_is_begun_once(admin_client):
    admin_client.post(page("fittedmodel_learn"))
    response = admin_client.post(page("fittedmodel_learn"), follow=True)
    assert OrmQ.objects.count() == 1
    assert "started already" in said(response)


def test_a_version_tells_how_it_did_beside_the_one_before(admin_client):
    figures = {
        **FIGURES,
        "recall": {"new": 0.2, "before": 0.25},
        "by age": {"new ones": 0.5, "bias": {"new": 1.0, "before": 0}},
        "kept_out": None,
        "is sample": True,
        "cuts": ["2017-05-15", "2017-06-01"],
    }
    model = learned(figures=figures)

    body = words_of(admin_client, page("fittedmodel_change", model.pk))

    assert "Log-loss 0.123 0.125 1.6 % lower better" in body
    assert "Recall 0.2 0.25 20.0 % lower worse" in body
    assert "Bias 1 0 \N{EN DASH}" in body
    for words in (
        "Households 400",
        "Decided The new one is used: it is better.",
        "By age: new ones 0.5",
        "Kept out \N{EN DASH}",
        "Is sample yes",
        "Cuts 2017-05-15, 2017-06-01",
    ):
        assert words in body


def test_measures_of_several_levels_stand_beside_those_of_the_version_before(admin_client):
    new = {"loss": 0.2, "product": {"log_loss": 0.2, "ndcg10": 0.45, "households": 300}}
    before = {"loss": 0.25, "product": {"log_loss": 0.25, "ndcg10": 0.5}}
    figures = {"households asked about": 312, "new": new, "before": before, "before is version": 3}
    first = learned("discovery", figures={"new": new, "before": None})

    body = words_of(admin_client, page("fittedmodel_change", learned(figures=figures).pk))

    assert "Loss, by which versions are compared 0.2 0.25 20.0 % lower better" in body
    assert "Product: log-loss 0.2 0.25 20.0 % lower better" in body
    assert "Product: NDCG of the first 10 0.45 0.5 10.0 % lower worse" in body
    assert "Product: households 300 \N{EN DASH}" in body
    assert "What else was noted Before is version 3 Households asked about 312" in body
    assert "Loss, by which versions are compared 0.2 \N{EN DASH}" in words_of(
        admin_client, page("fittedmodel_change", first.pk)
    )


@pytest.mark.parametrize(
    "figures",
    [{}, {"new": None}, {"measure": "log-loss", "new": "none", "before": 1}, {"a": [[1, {}]]}],
)
def test_any_figures_have_a_page_and_a_row(admin_client, figures):
    model = learned(figures=figures)

    assert words_of(admin_client, page("fittedmodel_change", model.pk))
    assert words_of(admin_client, page("fittedmodel_changelist"))


def test_parameters_are_told_by_size_with_the_beginning_of_their_text(admin_client, versions):
    body = words_of(admin_client, page("fittedmodel_change", versions[1].pk))

    assert "weights 3 values 15 bytes" in body
    assert "trees text 3.0 kB" in body
    assert "half_life 13 2 bytes" in body
    assert "matches its hash" in body
    text = versions[1].parameters
    assert f"{len(text) - 2000:,} more characters are not shown" in body


def test_damaged_parameters_are_warned_of_and_never_put_to_use(admin_client, versions):
    first, used, _ = versions
    FittedModel.objects.filter(kind="needs").update(parameters=json.dumps({"weights": [9]}))

    body = words_of(admin_client, page("fittedmodel_change", first.pk))
    assert "damaged The text is not what was kept" in body
    assert "It is not in use, and cannot be put to use." in body
    body_of_used = words_of(admin_client, page("fittedmodel_change", used.pk))
    assert "The next night would stop at it" in body_of_used
    assert "Use this version" not in body
    response = admin_client.post(page("fittedmodel_use", first.pk), follow=True)

    assert "do not match their hash. It was not put to use." in said(response)
    assert in_use() == [("needs", 2)]
    assert not LogEntry.objects.exists()


def test_a_version_names_the_nights_that_used_it_but_no_trial(admin_client, versions):
    used, trial = night(), night(state="trial")
    for run in (used, trial):
        run.learned.add(versions[1])

    body = admin_client.get(page("fittedmodel_change", versions[1].pk)).content.decode()

    assert page("modelrun_change", used.pk) in body
    assert page("modelrun_change", trial.pk) not in body


def test_a_version_that_is_gone_is_not_found(admin_client):
    assert admin_client.post(page("fittedmodel_use", 4711)).status_code == 404


def test_an_empty_list_says_what_to_do(admin_client):
    assert "'Learn anew now' does it now" in admin_client.get(
        page("fittedmodel_changelist")
    ).content.decode().replace("&#x27;", "'")


def test_pages_of_versions_ask_few_questions(admin_client, versions, django_assert_max_num_queries):
    run = night()
    run.learned.set(versions)
    with django_assert_max_num_queries(4):
        words_of(admin_client, page("fittedmodel_changelist"))
    with django_assert_max_num_queries(7):
        words_of(admin_client, page("fittedmodel_change", versions[0].pk))
