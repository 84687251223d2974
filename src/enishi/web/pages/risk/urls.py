"""Addresses of the trust in forecasts, and of an account's forecast."""

from django.urls import path

from enishi.web.pages.risk import account_views, views

urlpatterns = [
    path("health/forecast/", views.forecast, name="forecast"),
    path("health/forecast/learn/", views.learn, name="forecast-learn"),
    path("health/forecast/progress/", views.progress, name="forecast-progress"),
    path("health/forecast/<int:horizon>/<int:version>/use/", views.use, name="forecast-use"),
    path("accounts/<int:number>/forecast/", account_views.account_forecast, name="account-forecast"),
]
