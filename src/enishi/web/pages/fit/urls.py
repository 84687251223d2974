"""Addresses of fit: below ``/revenue/``, and an account's part."""

from django.urls import path

from enishi.web.pages.fit import account_views, axes_views, views

urlpatterns = [
    path("revenue/fit/", views.fit, name="fit"),
    path("revenue/fit/accounts/", views.accounts, name="fit-accounts"),
    path("revenue/fit/export/", views.export, name="fit-export"),
    path("revenue/fit/axes/", axes_views.edit, name="fit-axes"),
    path("revenue/fit/axes/preview/", axes_views.preview, name="fit-axes-preview"),
    path("revenue/fit/axes/text/", axes_views.edit_text, name="fit-axes-text"),
    path("revenue/fit/axes/versions/", axes_views.versions, name="fit-axes-versions"),
    path("revenue/fit/axes/rollback/", axes_views.rollback, name="fit-axes-rollback"),
    path("accounts/<int:number>/fit/", account_views.account_fit, name="account-fit"),
    path("accounts/<int:number>/fit/state/", account_views.state, name="account-fit-state"),
    path("accounts/fit/<int:number>/withdraw/", account_views.withdraw, name="account-fit-withdraw"),
]
