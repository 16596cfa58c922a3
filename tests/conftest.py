"""What every test shares: files go to a folder of its own, passwords are hashed quickly."""

import pytest
from django.contrib.auth.models import User
from django.db.backends.signals import connection_created
from django.utils import translation

from pos_integration import shelf


@connection_created.connect
def _may_empty_the_ledger(connection, **_):
    """Tests with threads empty every table behind them; nothing else may empty the ledger."""
    with connection.cursor() as cursor:
        cursor.execute("SET loyalty.ledger_may_be_emptied = 'yes'")


@pytest.fixture(autouse=True)
def _quick_and_tidy(settings, tmp_path):
    settings.PRINT_DIR = tmp_path / "print"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LOYALTY_ENGINE = "loop"
    shelf.forget()  # a test before may have rolled back what it knew
    translation.activate(settings.LANGUAGE_CODE)  # a request leaves its reader's behind


@pytest.fixture
def admin_user(db):
    """pytest-django's, without a password to hash: nobody types one here."""
    return User.objects.create(username="admin", is_staff=True, is_superuser=True)
