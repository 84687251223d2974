"""An account's part of Growth, below ``/accounts/``."""

from django.urls import path

from enishi.web.pages.growth import other_views

urlpatterns = [path("<int:number>/growth/", other_views.account, name="account-growth")]
