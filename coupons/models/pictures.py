"""Pictures and fonts that a chain uploads, kept by their content so that a reprint finds them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from pos_integration.models import Product


class PictureFile(models.Model):
    """A picture as it goes to paper. Its bytes never change: what replaces it is another file."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField(help_text="JPEG, or PNG of what has few colours; sRGB, no alpha")
    width = models.PositiveSmallIntegerField(help_text="Pixels")
    height = models.PositiveSmallIntegerField(help_text="Pixels")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(width__gte=1, height__gte=1), name="picture_has_an_extent"
            )
        ]

    def __str__(self) -> str:
        return f"{self.width} x {self.height}"


class Picture(models.Model):
    """A name for a picture: of products, of an offer, or the chain's logo."""

    name = models.CharField(max_length=60, unique=True, help_text="What offers call it")
    file = models.ForeignKey(PictureFile, models.PROTECT, related_name="pictures")
    products = models.ManyToManyField(
        Product,
        blank=True,
        related_name="pictures",
        help_text="Whose offers show it, unless the offer has a picture of its own",
    )
    changes = models.CharField(
        max_length=200, blank=True, help_text="What was done to it to make it fit for paper"
    )
    uploaded_at = models.DateTimeField(auto_now=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="picture_has_a_name")]

    def __str__(self) -> str:
        return self.name


class FontFile(models.Model):
    """A TrueType font that may be embedded in what is printed."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=80, help_text="As the font calls itself")
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class PressProfile(models.Model):
    """How a press prints colours: the ICC profile of a printing condition, for CMYK."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=80, help_text="As the profile describes itself")
    condition = models.CharField(
        max_length=40, help_text="The printing condition's name in the registry, such as FOGRA51"
    )
    content = models.BinaryField()
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(condition=""), name="profile_names_its_condition")
        ]

    def __str__(self) -> str:
        return f"{self.condition}, {self.name}"
