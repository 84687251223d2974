"""Addresses of the rejects desk, below ``/setup/rejects/``."""

from django.urls import path

from enishi.web.pages.rejects import mend_views, views

urlpatterns = [
    path("", views.rejects, name="rejects"),
    path("many/", views.many, name="rejects-many"),
    path("bring-back/", views.reopen, name="rejects-reopen"),
    path("alike/", mend_views.alike, name="rejects-alike"),
    path("alike/try/", mend_views.attempt, name="rejects-alike-try"),
    path("alike/apply/", mend_views.apply, name="rejects-alike-apply"),
    path("corrections/<int:number>/", mend_views.result, name="correction"),
    path("corrections/<int:number>/progress/", mend_views.progress, name="correction-progress"),
    path("corrections/<int:number>/again/", mend_views.again, name="correction-again"),
    path("corrections/<int:number>/forget/", mend_views.forget_it, name="correction-forget"),
    path("<int:number>/", views.show, name="reject"),
    path("<int:number>/replay/", views.replay, name="reject-replay"),
    path("<int:number>/discard/", views.discard, name="reject-discard"),
]
