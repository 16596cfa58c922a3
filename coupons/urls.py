"""Where tills ask about coupons and cards, below /api/v1/."""

from django.urls import path

from coupons.api import (
    CardCouponsView,
    CardPreferencesView,
    CouponView,
    LockView,
    RedeemView,
    ReleaseView,
    ReverseView,
)

urlpatterns = [
    path("coupons/<str:code>", CouponView.as_view(), name="coupon"),
    path("coupons/<str:code>/lock", LockView.as_view(), name="coupon-lock"),
    path("coupons/<str:code>/redeem", RedeemView.as_view(), name="coupon-redeem"),
    path("coupons/<str:code>/release", ReleaseView.as_view(), name="coupon-release"),
    path("redemptions/<str:redemption>/reverse", ReverseView.as_view(), name="redemption-reverse"),
    path("cards/<str:card>/coupons", CardCouponsView.as_view(), name="card-coupons"),
    path("cards/<str:card>/preferences", CardPreferencesView.as_view(), name="card-preferences"),
]
