"""The app of facts."""

from django.apps import AppConfig


class PosIntegrationConfig(AppConfig):
    name = "pos_integration"
    verbose_name = "What the tills said"
