"""The app of facts."""

from django.apps import AppConfig

from pos_integration.said import know
from pos_integration.sentences import SENTENCES


class PosIntegrationConfig(AppConfig):
    name = "pos_integration"
    verbose_name = "What the tills said"

    def ready(self) -> None:
        from pos_integration.labels import translate_labels  # models are there only now

        translate_labels(self)
        know(SENTENCES)
