"""The vendor's own words for its products and for what people do in them."""

from __future__ import annotations

from datetime import datetime

from enishi.accounts.audit import SYSTEM
from enishi.definitions.api import default_body, list_versions, publish, save_draft

PRODUCTS = {
    "musubi-work": ("ムスビ ワーク", "Musubi Work"),
    "musubi-desk": ("ムスビ デスク", "Musubi Desk"),
    "musubi-insight": ("ムスビ インサイト", "Musubi Insight"),
}
EVENTS = {
    "task_created": ("タスク作成", "Task created"),
    "task_completed": ("タスク完了", "Task completed"),
    "comment_added": ("コメント", "Comment"),
    "file_shared": ("ファイル共有", "File shared"),
    "request_submitted": ("申請", "Request submitted"),
    "request_approved": ("承認", "Request approved"),
    "template_used": ("テンプレート利用", "Template used"),
    "mobile_opened": ("モバイル版の利用", "Mobile app opened"),
    "report_exported": ("レポート出力", "Report exported"),
    "workflow_automated": ("ワークフロー自動化", "Workflow automated"),
    "api_called": ("API連携", "API call"),
    "inquiry_answered": ("問い合わせへの回答", "Inquiry answered"),
    "inquiry_assigned": ("問い合わせの割り当て", "Inquiry assigned"),
    "macro_used": ("定型文の利用", "Macro used"),
    "faq_published": ("FAQ公開", "FAQ published"),
    "sla_report_viewed": ("SLAレポート閲覧", "SLA report viewed"),
    "dashboard_viewed": ("ダッシュボード閲覧", "Dashboard viewed"),
    "dashboard_edited": ("ダッシュボード編集", "Dashboard edited"),
    "query_saved": ("集計条件の保存", "Query saved"),
    "report_scheduled": ("定期レポートの設定", "Report scheduled"),
}


def name_things(now: datetime) -> None:
    """Publish the names once; what somebody changed since is left alone."""
    if list_versions("names", "default").filter(number__gt=1).exists():
        return
    body = dict(default_body("names", "default"))
    body["events"] = {**body["events"], **_words(EVENTS)}
    body["products"] = _words(PRODUCTS)
    publish(save_draft("names", "default", body, actor=SYSTEM, now=now), actor=SYSTEM, now=now)


def _words(named: dict[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {"ja": ja, "en": en} for name, (ja, en) in named.items()}
