"""Where shoppers read their sheets, below /s/: the links are signed, nobody signs in."""

from django.urls import path

from coupons import sheet_pages

urlpatterns = [
    path("<str:token>/", sheet_pages.page, name="sheet-page"),
    path("<str:token>/coupons.png", sheet_pages.picture, name="sheet-picture"),
    path("<str:token>/pictures/<str:sha256>", sheet_pages.photo, name="sheet-photo"),
]
