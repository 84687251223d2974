"""Addresses of the forecast and the targets, below ``/revenue/``."""

from django.urls import path

from enishi.web.pages.outlook import target_views, views

urlpatterns = [
    path("forecast/", views.outlook, name="outlook"),
    path("forecast/make/", views.make, name="outlook-make"),
    path("forecast/progress/<int:number>/", views.progress, name="outlook-progress"),
    path("forecast/moved/", views.moved, name="outlook-moved"),
    path("forecast/export/", views.export, name="outlook-export"),
    path("forecast/thresholds/", views.limits, name="outlook-thresholds"),
    path("forecast/renewals/<int:account_id>/", views.judge, name="outlook-judge"),
    path("forecast/renewals/<int:account_id>/withdraw/", views.withdraw, name="outlook-withdraw"),
    path("targets/", target_views.targets, name="targets"),
    path("targets/set/", target_views.put, name="targets-set"),
    path("targets/import/", target_views.bring, name="targets-import"),
    path("targets/template/", target_views.template, name="targets-template"),
]
