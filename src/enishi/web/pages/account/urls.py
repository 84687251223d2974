"""Addresses of one account, below ``/accounts/``."""

from django.urls import path

from enishi.web.pages.account import act_views, notes, views

urlpatterns = [
    path("<int:number>/", views.account, name="account"),
    path("<int:number>/act/<str:verb>/", act_views.act, name="account-act"),
    path("<int:number>/done/", act_views.done, name="account-done"),
    path("<int:number>/override/end/", act_views.override_end, name="account-override-end"),
    path("<int:number>/notes/add/", notes.add, name="account-note-add"),
    path("<int:number>/notes/list/", notes.listing, name="account-notes"),
    path("<int:number>/panel/<str:name>/", views.panel, name="account-panel"),
    path("<int:number>/export/<str:form>/", views.export, name="account-export"),
    path("<int:number>/<str:tab>/", views.account, name="account-tab"),
    path("tasks/<int:number>/<str:verb>/", act_views.task, name="account-task"),
    path("notes/<int:number>/edit/", notes.edit, name="account-note-edit"),
    path("notes/<int:number>/act/<str:verb>/", notes.act, name="account-note-act"),
]
