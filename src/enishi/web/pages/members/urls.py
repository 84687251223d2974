"""Addresses of members and teams, below ``/people/``."""

from django.urls import path

from enishi.web.pages.members import hand_over_views, team_views, views

urlpatterns = [
    path("", views.members, name="members"),
    path("invite/", views.invite_member, name="member-invite"),
    path("<int:number>/", views.member, name="member"),
    path("<int:number>/invitation/", views.send_again, name="member-invitation"),
    path("<int:number>/revoke/", views.revoke, name="member-revoke"),
    path("<int:number>/deactivate/", views.deactivate_member, name="member-deactivate"),
    path("<int:number>/reactivate/", views.reactivate_member, name="member-reactivate"),
    path("<int:number>/hand-over/", views.hand_over_accounts, name="member-hand-over"),
    path("<int:number>/unlock/", views.unlock, name="member-unlock"),
    path("<int:number>/factor/", views.take_factor_away, name="member-factor"),
    path("handed-over/<int:number>/", hand_over_views.handed_over, name="handed-over"),
    path("teams/", team_views.teams, name="teams"),
    path("teams/<int:number>/", team_views.team, name="team"),
    path("teams/<int:number>/delete/", team_views.delete, name="team-delete"),
]
