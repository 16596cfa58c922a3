"""What the history of purchases was sealed into, and from what."""

from django.db import models

from pos_integration.models import Undoing, Upload


class SealedUpload(models.Model):
    """An upload whose lines lie in the sealed history."""

    upload = models.OneToOneField(Upload, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.upload)


class SealedUndoing(models.Model):
    """A void or return whose purchase has been taken out of the sealed history."""

    undoing = models.OneToOneField(Undoing, models.CASCADE, primary_key=True, related_name="+")

    def __str__(self) -> str:
        return str(self.undoing)


class PurchaseChunk(models.Model):
    """One bucket's purchase lines of one month, as `chunks.py` packs them for `history.py`."""

    bucket = models.SmallIntegerField(help_text="-1: baskets without a card")
    month = models.DateField(help_text="Its first day")
    of_buckets = models.SmallIntegerField(help_text="Into how many the history was cut")
    rows = models.PositiveIntegerField()
    data = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "month"], name="chunk_per_bucket_and_month")
        ]

    def __str__(self) -> str:
        return f"bucket {self.bucket}, {self.month:%Y-%m}: {self.rows} lines"
