"""Settings: what the environment may say, in a process of its own."""

import os
import subprocess
import sys

import pytest

SHOW = "from django.conf import settings as s; print(s.DATABASES['default']['HOST'], s.DEBUG)"


def settings_under(**environment):
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "SECRET_KEY", "DEBUG")
    }
    return subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**clean, "DJANGO_SETTINGS_MODULE": "loyalty.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("postgres://till@db.example:5432/loyalty", "db.example"),
        ("postgresql://till@%2Frun%2Fpostgresql:5432/loyalty", "/run/postgresql"),
    ],
)
def test_a_named_database_turns_debug_off(url, host):
    told = settings_under(DATABASE_URL=url, SECRET_KEY="x" * 60)
    assert told.stdout.split() == [host, "False"], told.stderr


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEBUG": "false"}, "DEBUG is off and DATABASE_URL is not set"),
        ({"DATABASE_URL": "postgres://till@db.example/loyalty"}, "Set SECRET_KEY"),
        (
            {
                "DATABASE_URL": "postgres://till@db.example/loyalty",
                "SECRET_KEY": "x" * 60,
                "SECOND_FACTOR": "yes",
            },
            "SECOND_FACTOR is 'yes': set it to off, offered or required",
        ),
    ],
)
def test_what_would_not_be_safe_is_refused_in_words(environment, sentence):
    told = settings_under(**environment)
    assert told.returncode != 0
    assert sentence in told.stderr.splitlines()[-1]
