"""The app of facts."""

from django.apps import AppConfig


class PosIntegrationConfig(AppConfig):
    name = "pos_integration"
    verbose_name = "What the tills said"

    def ready(self) -> None:
        from pos_integration.labels import translate_labels  # models are there only now

        translate_labels(self)
