"""The app of beliefs."""

from django.apps import AppConfig


class LoyaltyConfig(AppConfig):
    name = "loyalty"
    verbose_name = "What we believe"

    def ready(self) -> None:
        from loyalty import idling  # noqa: F401 # hears who signs in; only now are models there
        from pos_integration.labels import translate_labels

        translate_labels(self)
