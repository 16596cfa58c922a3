"""The product's settings, with the way most people would take sales beside it, at /drf/uploads."""

from loyalty.settings import *  # noqa: F403 - settings are modules of names

ROOT_URLCONF = "tests.benchmarks.drf_way"
