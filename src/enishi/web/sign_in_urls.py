"""Sign-in, password and second factor: allauth's views at our addresses. There is no open sign-up."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.usersessions import views as sessions
from django.urls import path, re_path

from enishi.web import invitation_views

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/factor/", factor.authenticate, name="mfa_authenticate"),
    path("sign-in/inactive/", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/sent/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "password/reset/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("invitation/<str:key>/", invitation_views.accept, name="invitation"),
    path("me/password/", account.password_change, name="account_change_password"),
    path("me/password/set/", account.password_set, name="account_set_password"),
    path("me/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("me/confirm/factor/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("me/factor/", factor.index, name="mfa_index"),
    path("me/factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("me/factor/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("me/factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("me/factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("me/factor/codes/file/", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("me/sessions/", sessions.list_usersessions, name="usersessions_list"),
]
