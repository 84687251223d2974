"""What the audit log's verbs mean to a reader, by kind of act. Every verb the rooms write stands here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.utils.translation import get_language

from enishi.kit.text import Text


@dataclass(frozen=True, slots=True)
class Acts:
    """One kind of act: its name in addresses, its title, and the words of its verbs."""

    id: str
    title: Text
    verbs: dict[str, Text]


ACTS = (
    Acts(
        "entry",
        Text("Sign-in", "サインイン"),
        {
            "signed_in": Text("signed in", "サインイン"),
            "sign_in_failed": Text("failed to sign in", "サインインの失敗"),
            "sign_in_locked": Text("locked by wrong passwords", "サインインのロック"),
            "sign_in_unlocked": Text("unlocked the sign-in", "サインインのロック解除"),
            "password_changed": Text("changed the password", "パスワードの変更"),
            "password_reset": Text("made a new password", "パスワードの再設定"),
            "factor_added": Text("switched the second factor on", "二要素認証の有効化"),
            "factor_removed": Text("switched the second factor off", "二要素認証の無効化"),
            "factor_codes_made": Text("made recovery codes", "リカバリーコードの発行"),
            "sessions_ended": Text("ended sessions", "セッションの終了"),
        },
    ),
    Acts(
        "members",
        Text("Members and teams", "メンバー・チーム"),
        {
            "member_added": Text("added a member", "メンバーの追加"),
            "member_invited": Text("invited a member", "メンバーの招待"),
            "invitation_sent": Text("sent an invitation", "招待の送信"),
            "invitation_accepted": Text("accepted the invitation", "招待の承諾"),
            "invitation_revoked": Text("took an invitation back", "招待の取り消し"),
            "member_changed": Text("changed a member", "メンバーの変更"),
            "member_deactivated": Text("deactivated a member", "メンバーの利用停止"),
            "member_reactivated": Text("let a member in again", "メンバーの利用再開"),
            "accounts_handed_over": Text("handed customers over", "担当顧客の引き継ぎ"),
            "team_created": Text("made a team", "チームの作成"),
            "team_renamed": Text("renamed a team", "チーム名の変更"),
            "team_deleted": Text("removed a team", "チームの削除"),
        },
    ),
    Acts(
        "settings",
        Text("Settings and keys", "設定・キー"),
        {
            "company_changed": Text("changed the company settings", "会社設定の変更"),
            "value_settings_changed": Text("changed the assumptions of lifetime value", "LTVの前提の変更"),
            "valuation_asked": Text("had lifetime values worked out", "LTVの計算の開始"),
            "sample_company_set_up": Text("loaded the sample company", "サンプル企業の読み込み"),
            "retention_changed": Text("changed how long raw events are kept", "生イベント保管期間の変更"),
            "write_key_created": Text("made a write key", "書き込みキーの発行"),
            "write_key_changed": Text("changed a write key", "書き込みキーの変更"),
            "write_key_revoked": Text("revoked a write key", "書き込みキーの失効"),
            "api_key_created": Text("made an API key", "APIキーの発行"),
            "api_key_revoked": Text("revoked an API key", "APIキーの失効"),
            "job_started": Text("started a job", "処理の開始"),
            "message_sent_again": Text("sent a message again", "メールの再送"),
            "message_cancelled": Text("cancelled a message", "メールの取り消し"),
            "view_saved": Text("saved a view", "ビューの保存"),
            "view_changed": Text("changed a saved view", "ビューの変更"),
            "view_deleted": Text("deleted a saved view", "ビューの削除"),
        },
    ),
    Acts(
        "health",
        Text("Scores and definitions", "スコア・定義"),
        {
            "defaults_installed": Text("installed the default definitions", "標準定義の登録"),
            "definition_drafted": Text("changed a draft", "下書きの保存"),
            "definition_draft_discarded": Text("discarded a draft", "下書きの破棄"),
            "definition_published": Text("published a definition", "定義の公開"),
            "definition_retired": Text("retired a definition", "定義の廃止"),
            "backtest_asked": Text("started a back-test", "過去データでの検証の実行"),
            "churn_fit_asked": Text("asked for a churn forecast to be learned", "解約予測の学習依頼"),
            "churn_forecast_published": Text("put a churn forecast in use", "解約予測の使用開始"),
            "churn_forecast_refused": Text("refused a churn forecast", "解約予測の不採用"),
            "churn_forecast_recalibrated": Text(
                "brought a churn forecast to recent outcomes", "直近の実績による解約予測の補正"
            ),
            "churn_forecast_rolled_back": Text(
                "went back to an earlier churn forecast", "解約予測を以前の版に戻す操作"
            ),
            "band_overridden": Text("set a band by hand", "区分の手動設定"),
            "override_ended": Text("took back a band set by hand", "区分の手動設定の解除"),
            "measure_stated": Text("stated a measure", "手動指標の入力"),
            "forecast_asked": Text("asked for a revenue forecast", "収益予測の作成依頼"),
            "renewal_judged": Text("moved a renewal to another category", "更新見込みの区分の変更"),
            "renewal_judgement_ended": Text(
                "took back the category of a renewal", "更新見込みの区分変更の取り消し"
            ),
            "renewal_thresholds_set": Text("set the thresholds of renewals", "更新見込みの基準の変更"),
            "target_set": Text("set a target", "目標の設定"),
            "forecast_exported": Text("exported a forecast", "予測の書き出し"),
            "executive_printed": Text("printed the executive page", "経営ページのPDF作成"),
            "tier_pinned": Text("pinned a tier", "階層の固定"),
            "tier_unpinned": Text("unpinned a tier", "階層の固定解除"),
            "text_corrected": Text("corrected the tone or topic of a text", "文章の感情・話題の修正"),
            "text_correction_withdrawn": Text(
                "took back a correction of a text", "文章の判定の修正の取り消し"
            ),
            "text_learning_asked": Text("had the reading of texts learn", "文章判定の学習の実行"),
            "text_model_published": Text(
                "put a version of the reading of texts in use", "文章判定モデルの公開"
            ),
            "text_model_refused": Text("did not publish a worse version", "文章判定モデルの公開見送り"),
            "tiers_assigned": Text("assigned the tiers", "階層の見直し"),
        },
    ),
    Acts(
        "work",
        Text("Work with customers", "顧客対応"),
        {
            "account_snoozed": Text("put an account aside", "顧客を「あとで対応」に設定"),
            "account_done": Text("dealt with an account", "顧客を対応済みに設定"),
            "attention_undone": Text("took a decision on Today back", "対応状況の取り消し"),
            "task_created": Text("created a task", "タスクの作成"),
            "task_completed": Text("completed a task", "タスクの完了"),
            "task_dropped": Text("dropped a task", "タスクの取りやめ"),
            "task_reopened": Text("reopened a task", "タスクの再開"),
            "task_moved": Text("moved a task to another day", "タスクの期限変更"),
            "task_reassigned": Text("gave a task to somebody else", "タスクの担当変更"),
            "tag_added": Text("put a tag on an account", "タグの追加"),
            "tag_removed": Text("took a tag off an account", "タグの削除"),
            "stakeholder_assessed": Text("assessed a person at a customer", "関係者の評価"),
            "stakeholder_assessment_undone": Text("took an assessment back", "関係者の評価の取り消し"),
            "move_confirmed": Text("linked two contacts as one person", "関係者の同一人物としての関連付け"),
            "move_dismissed": Text("said two contacts are not one person", "同一人物候補の見送り"),
            "move_reopened": Text("opened a question of one person again", "同一人物候補の再検討"),
            "offer_made": Text("made an offer", "提案の実施"),
            "offer_set_aside": Text("set an offer aside", "提案の見送り"),
            "offer_won": Text("recorded an offer as won", "提案の受注の記録"),
            "offer_lost": Text("recorded an offer as declined", "提案の失注の記録"),
            "offer_undone": Text("took a step about an offer back", "提案の操作の取り消し"),
            "offer_seen_won": Text("saw an offer won in the contracts", "契約データによる受注の確認"),
            "growth_fit_used": Text(
                "put another version of a growth probability in use", "提案の見込みの版の切り替え"
            ),
            "fit_stated": Text("stated a value of fit", "適合度の項目の手入力"),
            "fit_withdrawn": Text("took a stated value of fit back", "適合度の手入力の取り消し"),
            "effort_declared": Text("declared what an hour moves", "1時間の効果の前提の変更"),
            "note_added": Text("wrote a note", "メモの作成"),
            "note_edited": Text("changed a note", "メモの変更"),
            "note_deleted": Text("deleted a note", "メモの削除"),
            "note_restored": Text("restored a note", "メモの復元"),
            "note_pinned": Text("pinned a note", "メモの固定"),
            "note_unpinned": Text("unpinned a note", "メモの固定解除"),
            "interaction_logged": Text("logged an interaction", "対応履歴の記録"),
            "consent_given": Text("recorded a consent", "受信同意の記録"),
            "consent_withdrawn": Text("recorded a withdrawn consent", "受信停止の記録"),
        },
    ),
    Acts(
        "data",
        Text("Facts coming in", "データの取り込み"),
        {
            "records_saved": Text("saved records", "記録の保存"),
            "records_deleted": Text("deleted records", "記録の削除"),
            "records_renamed": Text("gave records another id", "記録のIDの変更"),
            "file_received": Text("received a file", "ファイルの受領"),
            "file_discarded": Text("discarded a file", "ファイルの破棄"),
            "file_imported": Text("imported a file", "ファイルの取り込み"),
            "import_started": Text("started an import", "取り込みの開始"),
            "import_undone": Text("undid an import", "取り込みの取り消し"),
            "import_undo_asked": Text(
                "asked to undo an import of events", "利用イベントの取り込みの取り消しの指示"
            ),
            "events_withdrawn": Text("took the events of an import back", "取り込んだ利用イベントの取り消し"),
            "mapping_forgotten": Text("forgot a mapping", "列の対応付けの削除"),
            "reject_discarded": Text("discarded a rejected item", "取り込みエラーの破棄"),
            "reject_replayed": Text("took a rejected item in again", "取り込みエラーの再取り込み"),
            "rejects_reopened": Text("reopened rejected items", "取り込みエラーの再オープン"),
            "rejects_mended": Text("corrected rejected items alike", "取り込みエラーの一括修正"),
            "correction_started_again": Text("went on with a correction", "一括修正の再開"),
            "rejects_settled": Text(
                "closed rejected items that came again", "再受信した取り込みエラーの自動解決"
            ),
            "correction_forgotten": Text("forgot a correction", "修正ルールの削除"),
            "account_merged": Text("merged accounts", "顧客の統合"),
            "account_unmerged": Text("undid a merge", "顧客の統合の取り消し"),
            "outside_id_linked": Text("linked an outside id", "外部IDの紐付け"),
            "outside_id_unlinked": Text("removed a link", "外部IDの紐付け解除"),
        },
    ),
    Acts(
        "out",
        Text("Data taken out or erased", "データの出力・消去"),
        {
            "audit_exported": Text("exported the audit log", "監査ログの出力"),
            "account_exported": Text("exported an account", "顧客データの出力"),
            "export_fetched": Text("fetched an exported file", "出力済みファイルの取得"),
            "portfolio_exported": Text("exported the customer list", "顧客一覧の出力"),
            "value_exported": Text("exported lifetime values", "LTVの出力"),
            "revenue_exported": Text("exported revenue movements", "収益の変動の出力"),
            "growth_exported": Text("exported the ready customers", "提案できる顧客の出力"),
            "fit_exported": Text("exported customers by fit", "適合度別の顧客の出力"),
            "relations_exported": Text("exported the relationships", "関係者との関係の出力"),
            "definitions_exported": Text("exported the definitions", "定義の出力"),
            "person_disclosed": Text("took out all that is kept of a person", "個人データの開示用の出力"),
            "erasure_confirmed": Text("gave the reason for an erasure", "個人データ消去の理由の記録"),
            "contact_erased": Text("erased a person", "個人データの消去"),
            "user_erased": Text("erased a user", "利用者データの消去"),
        },
    ),
)


@cache
def verb_titles() -> dict[str, Text]:
    return {verb: title for acts in ACTS for verb, title in acts.verbs.items()}


def verb_words() -> dict[str, str]:
    """The words of every verb in the reader's language."""
    language = get_language() or "ja"
    return {verb: title.in_language(language) for verb, title in verb_titles().items()}


def verbs_of(kind: str) -> list[str]:
    """The verbs of one kind of act; none where the kind is unknown."""
    return next((list(acts.verbs) for acts in ACTS if acts.id == kind), [])
