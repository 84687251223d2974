"""Addresses of Growth, below ``/growth/``."""

from django.urls import path

from enishi.web.pages.growth import act_views, hour_views, offer_views, other_views, views

urlpatterns = [
    path("", views.ready, name="growth"),
    path("export/", views.export, name="growth-export"),
    path("next-hour/", hour_views.next_hour, name="growth-hour"),
    path("next-hour/declare/", hour_views.declare, name="growth-hour-declare"),
    path("next-product/", other_views.next_products, name="growth-next"),
    path("record/", other_views.record, name="growth-record"),
    path("record/versions/<int:number>/use/", act_views.use_version, name="growth-version-use"),
    path("accounts/<int:number>/<slug:offer>/propose/", act_views.propose, name="growth-propose"),
    path("accounts/<int:number>/<slug:offer>/aside/", act_views.set_aside, name="growth-aside"),
    path("made/<int:number>/result/", act_views.result, name="growth-result"),
    path("made/<int:number>/undo/", act_views.undo, name="growth-undo"),
    path("offers/", offer_views.offers, name="growth-offers"),
    path("offers/new/", offer_views.new, name="growth-offer-new"),
    path("offers/<slug:slug>/", offer_views.edit, name="growth-offer"),
    path("offers/<slug:slug>/text/", offer_views.edit_text, name="growth-offer-text"),
    path("offers/<slug:slug>/versions/", offer_views.versions, name="growth-offer-versions"),
    path("offers/<slug:slug>/rollback/", offer_views.rollback, name="growth-offer-rollback"),
    path("offers/<slug:slug>/retire/", offer_views.take_out, name="growth-offer-retire"),
]
