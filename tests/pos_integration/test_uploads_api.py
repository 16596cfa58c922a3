"""POST /api/v1/uploads as a till calls it."""

import gzip
import json
import urllib.request

import pytest
from django.test import Client
from django_q.models import OrmQ
from rest_framework.test import APIClient

from pos_integration import auth, keeping
from pos_integration.models import Basket, Upload
from tests import make
from tests.pos_integration.tills import basket, body, line, open_store

URL = "/api/v1/uploads"
pytestmark = pytest.mark.django_db


@pytest.fixture
def till():
    return open_store()


@pytest.fixture
def client(till):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {auth.issue_token(till)}")
    return client


def post(client, content, content_type="application/json", **headers):
    return client.post(URL, content, content_type=content_type, headers=headers)


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    said = response.json()
    assert said["status"] == response.status_code
    return response.status_code, said["code"]


def test_a_till_hands_over_its_sales_and_gets_a_receipt(client):
    bad = basket("2", lines=[line(code="4006381333932")])

    response = post(client, body(basket("1", lines=[line(1), line(2)]), bad))

    assert response.status_code == 201
    assert response.json() == {
        "upload": str(Upload.objects.get().pk),
        "state": "loaded",
        "baskets": 2,
        "lines": 3,
        "accepted": 1,
        "duplicates": 0,
        "rejected": 1,
        "skipped": 0,
        "rejects": [
            {
                "position": 1,
                "code": "bad_check_digit",
                "detail": "Line 1: '4006381333932' ends in 2, not 1.",
                "receipt": "2",
            }
        ],
        "rejects_left_out": 0,
    }
    assert client.get(response["Location"]).json() == response.json()


def test_the_same_bytes_again_get_the_same_answer_and_count_nothing_twice(client):
    first = post(client, body(basket()))
    again = post(client, body(basket()))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert Basket.objects.count() == 1


def test_gzip_is_unpacked_and_is_the_same_upload_as_the_plain_text(client):
    content = body(*[basket(str(number)) for number in range(30)])
    two_members = gzip.compress(content[:500]) + gzip.compress(content[500:])

    first = post(client, two_members, **{"Content-Encoding": "gzip"})
    again = post(client, content)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["accepted"] == 30


@pytest.mark.parametrize("cut", [slice(None, 40), slice(5, None), slice(0, 0)])
def test_what_is_no_gzip_is_kept_for_staff(client, cut):
    content = gzip.compress(body(basket()))[cut]

    response = post(client, content, **{"Content-Encoding": "gzip"})

    assert problem(response) == (400, "unreadable")
    assert keeping.opened(Upload.objects.get()).read() == content


def test_bytes_that_failed_under_a_wrong_name_are_loaded_under_the_right_one(client):
    assert problem(post(client, body(basket()), **{"Content-Encoding": "gzip"}))[0] == 400
    assert post(client, body(basket())).json()["accepted"] == 1

    line_of_json = json.dumps(basket("2")).encode()
    assert problem(post(client, line_of_json))[0] == 400
    assert post(client, line_of_json, "application/x-ndjson").json()["accepted"] == 1


def test_what_is_no_json_is_kept_and_refused_however_often(client):
    for _ in range(2):
        response = post(client, b"hello")
        assert problem(response) == (400, "unreadable")
    upload = Upload.objects.get()
    assert f"upload {upload.pk}" in response.json()["detail"]
    assert client.get(f"{URL}/{upload.pk}").json()["state"] == "failed"


def test_a_bomb_is_refused_before_it_is_unpacked(client, settings):
    settings.UPLOAD_MAX_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50_000
    bomb = gzip.compress(b" " * 40_000_000)

    assert problem(post(client, bomb, **{"Content-Encoding": "gzip"})) == (413, "too_large")
    assert problem(post(client, b" " * 50_001)) == (413, "too_large")
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content_type", "encoding"),
    [
        ("text/plain", ""),
        ("application/json; charset=latin-1", ""),
        ("application/json", "br"),
    ],
)
def test_what_cannot_be_read_here_is_refused_and_not_kept(client, content_type, encoding):
    response = post(client, body(basket()), content_type, **{"Content-Encoding": encoding})

    assert problem(response)[0] == 415
    assert not Upload.objects.exists()


def test_utf_8_may_be_named(client):
    assert post(client, body(basket()), "application/json; charset=UTF-8").status_code == 201


def test_ndjson_is_a_basket_a_line(client):
    content = b"\n".join(json.dumps(basket(str(number))).encode() for number in range(3))

    assert post(client, content, "application/x-ndjson").json()["accepted"] == 3


def test_a_till_in_a_hurry_does_not_wait(client):
    response = post(client, body(basket()), Prefer="respond-async, wait=10")

    assert response.status_code == 202
    assert response.json()["state"] == "received"
    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == (
        "pos_integration.tasks.load",
        (Upload.objects.get().pk,),
    )
    assert client.get(response["Location"]).json() == response.json()


def test_without_a_token_or_with_a_wrong_one_nothing_is_kept(till):
    client = APIClient()
    assert problem(post(client, body(basket()))) == (401, "not_authenticated")
    client.credentials(HTTP_AUTHORIZATION="Bearer wrong")
    response = post(client, body(basket()))
    assert problem(response) == (401, "authentication_failed")
    assert response["WWW-Authenticate"] == "Bearer"
    assert not Upload.objects.exists()


def test_another_terminals_upload_is_not_there(client):
    other, token = make.terminal()
    upload = Upload.objects.create(terminal=other, sha256="0", body=b"")

    assert problem(client.get(f"{URL}/{upload.pk}")) == (404, "not_found")
    assert problem(client.get(f"{URL}/{10**30}")) == (404, "not_found")
    mine = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert mine.get(f"{URL}/{upload.pk}").status_code == 200


def test_the_worst_bodies_never_break_the_server(client):
    for content in (
        b"\x00",
        b'{"baskets":[' + b'{"a":' * 50_000,
        b'{"baskets":[{"store":"\\u0000"}]}',
        b'{"baskets":[1e400,{"till":1e400},null,[],"\\ud800"]}',
        b'{"baskets":{"a":1}}',
        b'\xef\xbb\xbf{"baskets":[]}',
    ):
        assert post(client, content).status_code < 500


@pytest.mark.django_db(transaction=True)
def test_over_real_http(till, live_server):
    request = urllib.request.Request(
        live_server.url + URL,
        gzip.compress(body(basket())),
        headers={
            "Authorization": f"Bearer {auth.issue_token(till)}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        },
    )
    with urllib.request.urlopen(request) as response:
        assert response.status == 201
        assert json.load(response)["accepted"] == 1


def test_the_description_is_openapi_and_names_the_token():
    response = Client().get("/api/v1/schema/", headers={"Accept": "application/json"})

    said = response.json()
    assert said["openapi"].startswith("3.1")
    assert said["components"]["securitySchemes"]["terminal"]["scheme"] == "bearer"
    assert said["paths"]["/api/v1/uploads"]["post"]["security"] == [{"terminal": []}]


def test_its_pages_run_no_inline_script_and_load_nothing_from_elsewhere():
    response = Client().get("/api/v1/docs/")

    page = response.content.decode()
    assert page.count("<script") == page.count("<script src=") == 3
    assert "//" not in page.replace("http://www.w3.org", "")
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert Client().get("/admin/login/")["Content-Security-Policy"].count("unsafe") == 0
