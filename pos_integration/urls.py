"""Where tills hand over their sales, below /api/v1/."""

from django.urls import path

from pos_integration.api import UploadsView, UploadView

urlpatterns = [
    path("uploads", UploadsView.as_view(), name="uploads"),
    path("uploads/<int:pk>", UploadView.as_view(), name="upload"),
]
