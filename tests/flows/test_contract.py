"""The OpenAPI description against the API itself: no call is answered but as described."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from coupons.models import TillMiss
from loyalty.wsgi import application
from pos_integration import auth
from tests import make

# Rules between fields cannot be described: what keeps the description may still be refused.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 8  # calls of each operation, about things that are there and about others


@pytest.fixture
def api(transactional_db):
    """The API as a till of store 330 sees it, and what there is to ask about."""
    store = make.store("330")
    till, _ = make.terminal(store, number=12)
    coupon = make.coupon(make.code("7Q4MK2XP9TRD"))
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    there = {"code": coupon.code, "card": f"card-{coupon.code}", "pk": make.basket().upload_id}
    return schema, {"Authorization": f"Bearer {auth.issue_token(till)}"}, there


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("is_there", [True, False])
def test_every_call_sound_or_broken_is_answered_as_described(api, mode, is_there):
    schema, signed, there = api
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 9
    for operation in operations:
        names = {parameter.name for parameter in operation.path_parameters}
        known: dict[str, Any] = {name: there[name] for name in names & there.keys()}

        @given(
            case=operation.as_strategy(
                generation_mode=mode, path_parameters=known if is_there and known else None
            )
        )
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def answers(case):
            TillMiss.objects.all().delete()  # or it would be locked out after ten guesses
            case.call_and_validate(headers=signed, checks=CHECKS)

        answers()
