"""What coupons of each kind change is learned from measured mailings, as far as these are sure."""

from datetime import date, timedelta

import pytest

from coupons import measuring, uplift
from coupons.models import Measurement
from loyalty import fitted
from loyalty.models import FittedModel
from tests import make
from tests.coupons.measured_shop import OVER, Shop

pytestmark = pytest.mark.django_db
DAY = date(2026, 4, 20)


def measured(held_out=400, *, day=DAY, mailing=None, **told):
    plain = {"measured": 50.0, "error": 10.0, "predicted": 100.0, "held_out": held_out}
    return Measurement.objects.create(
        mailing=mailing or make.mailing(), as_of=day, report={"uplift": {"buy": plain | told}}
    )


def test_a_mailing_that_brought_half_of_what_was_predicted_halves_the_factor_nearly():
    measured()

    model = uplift.learn(DAY)

    assert model is not None
    assert model.in_use
    known = fitted.parameters(model)
    assert 0.5 < known["buy"]["factor"] < 0.65
    assert known["buy"]["sd"] < 0.25
    assert known["back"] == known["new"] == {"factor": 1.0, "sd": 0.5}


def test_few_held_out_teach_but_are_not_put_to_use_by_themselves():
    measured(held_out=40)

    model = uplift.learn(DAY)

    assert model is not None
    assert not model.in_use


def test_nothing_is_learned_from_nothing_nor_twice_from_the_same():
    assert uplift.learn(DAY) is None
    Measurement.objects.create(mailing=make.mailing(), as_of=DAY, report={"uplift": {}})
    assert uplift.learn(DAY) is None
    first = measured()
    assert uplift.learn(first.as_of - timedelta(days=1)) is None
    assert uplift.learn(DAY) is not None
    assert uplift.learn(DAY) is None
    assert FittedModel.objects.count() == 1


def test_of_each_mailing_the_last_measurement_counts():
    early = measured(measured=500.0, day=DAY - timedelta(days=7))
    measured(mailing=early.mailing)

    model = uplift.learn(DAY)

    assert model is not None
    assert fitted.parameters(model)["buy"]["factor"] < 0.65
    assert model.figures["mailings learned from"] == 1


def test_a_measured_mailing_tells_what_its_kinds_of_coupons_brought(settings):
    settings.LOYALTY_BUCKETS = 2
    shop = Shop()

    told = measuring.measure(shop.mailing, OVER).report["uplift"]

    # 120 coupons: each of value 0.05, and at no cost before prices are known, less the fee.
    assert told["buy"]["predicted"] == pytest.approx(120 * (0.05 - 0.1 * 0.08), abs=0.01)
    assert abs(told["buy"]["measured"] - 120 * 0.30) < 4 * told["buy"]["error"]
    assert told["back"]["measured"] == pytest.approx(0, abs=1)


def test_coupons_chosen_to_be_used_teach_nothing_of_margin(settings):
    settings.LOYALTY_BUCKETS = 2
    shop = Shop(objective="redemptions")

    assert measuring.measure(shop.mailing, OVER).report["uplift"] == {}
