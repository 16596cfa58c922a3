"""Where tills ask about coupons, below /api/v1/."""

from django.urls import path

from coupons.api import CouponView, RedeemView

urlpatterns = [
    path("coupons/<str:code>", CouponView.as_view(), name="coupon"),
    path("coupons/<str:code>/redeem", RedeemView.as_view(), name="coupon-redeem"),
]
