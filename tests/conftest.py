"""What every test shares: files go to a folder of its own, passwords are hashed quickly."""

import pytest


@pytest.fixture(autouse=True)
def _quick_and_tidy(settings, tmp_path):
    settings.PRINT_DIR = tmp_path / "print"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.LOYALTY_ENGINE = "loop"
