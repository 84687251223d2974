"""Addresses of the identity desk, below ``/setup/identity/``."""

from django.urls import path

from enishi.web.pages.identity import merge_views, views

urlpatterns = [
    path("", views.groups, name="identity"),
    path("groups/", views.settle_groups, name="identity-groups"),
    path("users/", views.users, name="identity-users"),
    path("users/settle/", views.settle_users, name="identity-users-settle"),
    path("accounts/", views.find_accounts, name="identity-accounts"),
    path("ids/", views.ids, name="identity-ids"),
    path("ids/new/", views.add_id, name="identity-id-new"),
    path("ids/<int:number>/unlink/", views.unlink, name="identity-unlink"),
    path("merges/", merge_views.merges, name="identity-merges"),
    path("merges/preview/", merge_views.preview, name="identity-merge-preview"),
    path("merges/new/", merge_views.merge, name="identity-merge"),
    path("merges/<int:number>/undo/", merge_views.unmerge, name="identity-unmerge"),
]
