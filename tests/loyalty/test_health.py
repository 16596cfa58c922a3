"""What the people who run the system are told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.models import ModelRun
from tests.pos_integration.tills import basket, open_store, send

pytestmark = pytest.mark.django_db


def test_a_new_system_is_well_and_has_no_model_yet(client):
    response = client.get("/healthz")

    assert response.status_code == 200
    assert response.json()["database"] == "ok"
    assert response.json()["model_run"] == {"as_of": None, "age_s": None}


def test_the_age_of_the_published_model_is_told(client):
    ModelRun.objects.create(
        as_of="2026-03-05", state="published", published_at=timezone.now() - timedelta(hours=1)
    )

    said = client.get("/healthz").json()["model_run"]
    assert said["as_of"] == "2026-03-05"
    assert said["age_s"] >= 3600
    assert b"loyalty_model_run_age_seconds 3" in client.get("/metrics").content


def test_what_tills_sent_is_counted_for_prometheus(client):
    till = open_store()
    send(till, basket("1"), basket("1"), basket("2", store="999"))
    send(till)

    response = client.get("/metrics")

    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = response.content.decode().splitlines()
    for sample in (
        'loyalty_uploads{state="loaded"} 2',
        "loyalty_uploads_waiting 0",
        "loyalty_upload_lines 3",
        'loyalty_baskets{outcome="accepted"} 1',
        'loyalty_baskets{outcome="duplicates"} 1',
        'loyalty_baskets{outcome="rejected"} 1',
        'loyalty_rejects{code="unknown_store"} 1',
    ):
        assert sample in lines
    assert "# TYPE loyalty_uploads gauge" in lines


def test_figures_are_only_read(client):
    assert client.post("/metrics").status_code == 405
