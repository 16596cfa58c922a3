"""What was learned is kept by version, one of a kind is used, and any can be had back."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from loyalty import fitted
from loyalty.models import FittedModel

MARCH, APRIL = date(2026, 3, 2), date(2026, 4, 1)
NEEDS, VALUE = FittedModel.Kind.NEEDS, FittedModel.Kind.VALUE


def keep(parameters=None, *, kind=NEEDS, as_of=MARCH, use=True):
    return fitted.keep(kind, parameters or {"w": [0.5]}, as_of=as_of, figures={}, use=use)


@pytest.mark.django_db
def test_versions_are_counted_for_each_kind_and_the_last_kept_is_used():
    first, second, other = keep(), keep({"w": [0.25]}), keep(kind=VALUE)

    assert (first.version, second.version, other.version) == (1, 2, 1)
    assert fitted.in_use(NEEDS) == second
    assert fitted.in_use(VALUE) == other
    assert fitted.parameters(second) == {"w": [0.25]}


@pytest.mark.django_db
def test_an_earlier_version_is_back_with_one_word():
    first, second = keep(), keep({"w": [9]})
    fitted.put_to_use(first)

    assert fitted.in_use(NEEDS) == first
    second.refresh_from_db()
    assert not second.in_use


@pytest.mark.django_db
def test_what_is_kept_aside_leaves_the_one_in_use():
    first = keep()
    keep({"w": [9]}, use=False)
    assert fitted.in_use(NEEDS) == first


@pytest.mark.django_db
def test_parameters_that_somebody_changed_are_refused():
    model = keep()
    FittedModel.objects.filter(pk=model.pk).update(parameters='{"w":[99]}')
    with pytest.raises(fitted.DamagedModelError, match="needs, version 1 do not match"):
        fitted.parameters(FittedModel.objects.get(pk=model.pk))


@pytest.mark.django_db
def test_a_model_with_a_figure_that_is_no_number_is_not_kept():
    with pytest.raises(ValueError, match="JSON compliant"):
        keep({"w": [float("nan")]})
    assert not FittedModel.objects.exists()


@pytest.mark.django_db
def test_the_database_itself_allows_one_model_of_a_kind_in_use():
    keep()
    second = keep(use=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        FittedModel.objects.filter(pk=second.pk).update(in_use=True)


@pytest.mark.django_db
def test_a_day_is_only_told_by_what_was_learned_before_it():
    march, april = keep(as_of=MARCH), keep(as_of=APRIL)

    assert fitted.known_on(NEEDS, MARCH) == march
    assert fitted.known_on(NEEDS, MARCH - timedelta(days=1)) is None
    assert fitted.known_on(NEEDS, APRIL) == april
    fitted.put_to_use(march)
    assert fitted.known_on(NEEDS, APRIL - timedelta(days=1)) == march
    assert fitted.known_on(NEEDS, APRIL + timedelta(days=60)) is None  # stale by then


@pytest.mark.django_db(transaction=True)
def test_versions_kept_at_the_same_time_are_all_there_and_one_is_used():
    def one(number):
        try:
            return keep({"w": [number]}).version
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        versions = list(pool.map(one, range(6)))

    assert sorted(versions) == [1, 2, 3, 4, 5, 6]
    assert FittedModel.objects.filter(in_use=True).count() == 1
