"""The product's settings, with the way most people would take sales beside it, at /drf/uploads."""

from loyalty.settings import *  # noqa: F403 - settings are modules of names
from loyalty.settings import INSTALLED_APPS as PRODUCTS_APPS

INSTALLED_APPS = [*PRODUCTS_APPS, "tests.benchmarks.drf_shop"]
ROOT_URLCONF = "tests.benchmarks.drf_shop.urls"
