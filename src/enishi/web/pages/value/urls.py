"""Addresses of the unit economics, and of an account's value."""

from django.urls import path

from enishi.web.pages.value import account_views, list_views, settings_views, views

urlpatterns = [
    path("revenue/value/", views.unit_economics, name="value"),
    path("revenue/value/run/", views.run, name="value-run"),
    path("revenue/value/progress/", views.progress, name="value-progress"),
    path("revenue/value/accounts/", list_views.accounts, name="value-accounts"),
    path("revenue/value/accounts/export/", list_views.export, name="value-accounts-export"),
    path("revenue/value/export/", list_views.export_units, name="value-export"),
    path("revenue/value/settings/", settings_views.assumptions, name="value-settings"),
    path("accounts/<int:number>/value/", account_views.account_value, name="account-value"),
]
