"""What a reader must know of how a file as a whole is read: ids known in another system, columns no figure uses, amounts
whose interval is assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from enishi.accounts.coercion import clip
from enishi.accounts.company import get_company, without_rate
from enishi.accounts.models import RecordVersion
from enishi.ingest.amounts import COMMA, POINT, read_amount
from enishi.ingest.files.former import mapped_otherwise
from enishi.ingest.files.habits import Contradiction
from enishi.ingest.files.kinds import EVENT, FILE_KINDS
from enishi.ingest.files.known import CAPITALS, ELSEWHERE, SAME_NAME, Known, system_words
from enishi.ingest.files.newcomers import NEWCOMERS, told_newcomers
from enishi.ingest.files.own import is_own_list
from enishi.ingest.files.parts import lacking, told_parts
from enishi.ingest.files.reading import NATURAL_IDS, OWN_HEADINGS, Plan
from enishi.ingest.models import Import
from enishi.kit.errors import EnishiError
from enishi.kit.text import Text
from enishi.store.kinds import DEFAULT_SYSTEM, EXCHANGE_RATE

TWO_WAYS, MIXED = "unclear_numbers", "mixed_decimals"
PARTS = "known_only"
UNUSED, INTERVAL, NO_ACCOUNT, MADE_IDS = "unused_columns", "assumed_interval", "no_account_column", "made_ids"
REMAPPED, SYSTEM, OWN_LIST, NO_RATE = "mapped_otherwise", "id_system", "own_list", "no_rate"
_NAMED = 3  # examples in a sentence


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know.

    Args:
        remedy: what to do about it on the command line; the browser has its form.
        told: what a program reads of it.
        grave: whether figures may come out otherwise than meant.
    """

    code: str
    text: Text
    remedy: Text
    told: str | list[str] | dict[str, int] | dict[str, str] | bool
    grave: bool = True


def unused_columns(plan: Plan, columns: Sequence[str]) -> list[str]:
    """Headings no field takes; those that only we write are not meant to be taken."""
    used = {*plan.columns.values(), *plan.clocks.values()}
    return [column for column in columns if column not in used and column not in OWN_HEADINGS]


def remarks_of(
    made: Import,
    known: Known | None = None,
    unclear: Mapping[str, str] | None = None,
    mixed: Mapping[str, Contradiction] | None = None,
) -> list[Remark]:
    """The remarks on a received file, as its plan stands; with what is known of its ids where that was looked up, and by
    heading the numbers that may be read in two ways, and those that contradict each other."""
    plan = Plan.from_json(made.plan)
    found: list[Remark] = [*_known(made, known or Known()), *_made_ids(made.kind, plan)]
    found += _unrated(made, known.currencies if known else _currencies_of(made))
    if mapped_otherwise(made):
        found.append(Remark(REMAPPED, *(EVENTS_AGAIN if made.kind == EVENT.name else ROWS_AGAIN), True))
    if is_own_list(made.kind, made.headings) and not plan.keep_rest:
        found.append(Remark(OWN_LIST, OWN, Text("", ""), True, grave=False))
    elif unused := unused_columns(plan, made.headings):
        properties = made.kind == EVENT.name and plan.keep_rest
        found.append(Remark(UNUSED, _unused(made.kind, plan, unused), NAME_IT, unused, not properties))
    unclear = {heading: cell for heading, cell in (unclear or {}).items() if heading not in (mixed or {})}
    if unclear:
        found.append(_two_ways(plan, unclear))
    if mixed:
        found.append(_mixed(plan, mixed))
    parts = _parts(made, plan, known or Known())
    found += parts
    if not parts and _gives(plan, "amount") and not _gives(plan, "interval") and _has(made.kind, "interval"):
        found.append(Remark(INTERVAL, ASSUMED, SAY_INTERVAL, "month"))
    if made.kind == EVENT.name and not _gives(plan, "account"):
        found.append(Remark(NO_ACCOUNT, ACCOUNTLESS, SAY_ACCOUNT, True))
    return found


def _parts(made: Import, plan: Plan, known: Known) -> list[Remark]:
    """That a file states a part of known records only."""
    kind = FILE_KINDS[made.kind]
    fields = lacking(kind, plan)
    if not fields or kind.name == EVENT.name or not plan.columns.get("id"):
        return []
    if known.looked and len(known.strangers) == known.looked:
        return []  # a file of new ones, of which needed columns are still to be chosen
    text = told_parts(kind, fields, known.looked, known.strangers)
    maps = " ".join(f"--map {spec.name}={{}}" for spec in fields)
    remedy = Text(
        f"To add new ones: {maps.replace('{}', 'COLUMN')}.",
        f"新規も登録する場合は {maps.replace('{}', '列名')} を指定してください。",
    )
    return [Remark(PARTS, text, remedy, [spec.name for spec in fields], grave=bool(known.strangers))]


def _known(made: Import, known: Known) -> list[Remark]:
    """Whose ids these are, and who would come a second time."""
    found = []
    here = known.by_system.get(made.system, 0)
    if known.elsewhere:
        best = max(known.elsewhere, key=lambda name: known.elsewhere[name])
        text = _elsewhere(made, known.looked, known.elsewhere[best], best)
        remedy = Text(
            f"If they are: --system {best}.", f"同じものであれば --system {best} を指定してください。"
        )
        found.append(Remark(ELSEWHERE, text, remedy, dict(known.elsewhere)))
    elif here and made.system != DEFAULT_SYSTEM:
        found.append(
            Remark(SYSTEM, _of_system(made.system, known.looked, here), OTHERS, made.system, grave=False)
        )
    if known.capitals:
        found.append(Remark(CAPITALS, _capitals(known.capitals), Text("", ""), dict(known.capitals)))
    if names := known.newcomers:
        found.append(Remark(NEWCOMERS, _newcomers(names), Text("", ""), list(names)))
    if names := known.namesakes:
        found.append(Remark(SAME_NAME, _namesakes(names), Text("", ""), list(names)))
    return found


def _elsewhere(made: Import, looked: int, count: int, other: str) -> Text:
    kind = FILE_KINDS["account" if made.kind == EVENT.name else made.kind]
    here, there = system_words(made.system), system_words(other)
    return Text(
        f"Known in {there.en} and not in {here.en}: {count:,} of the {looked:,} ids looked at. Taken for ids of {here.en}, "
        f"they become new {kind.plural.en.lower()} beside those there are.",
        f"確認した{looked:,}件のIDのうち{count:,}件は、{here.ja}ではなく{there.ja}で登録済みです。このまま取り込むと、"
        f"登録済みの{kind.title.ja}とは別の新しいデータになります。",
    )


def _of_system(system: str, looked: int, count: int) -> Text:
    name = system_words(system)
    return Text(
        f"The ids are taken for those of {name.en}, which knows {count:,} of the {looked:,} looked at.",
        f"確認した{looked:,}件のIDのうち{count:,}件が登録済みのため、{name.ja}のIDとして取り込みます。",
    )


def _namesakes(names: Sequence[str]) -> Text:
    few, more = names[:_NAMED], len(names) - _NAMED
    en, ja = ", ".join(few), "、".join(few)
    if more > 0:
        en, ja = f"{en} and {more:,} more", f"{ja} ほか{more:,}社"
    return Text(
        f"May be customers known already, by their names: {en}. They are taken in as new ones; where they are the same, give "
        "their known ids, or merge them afterwards (Setup, Identity, Merges).",
        f"名称から、登録済みの顧客企業と同じ可能性があります: {ja}。新しい顧客企業として取り込みます。同じ場合は登録済みのIDを"
        "指定するか、取り込み後に統合してください(設定 → 名寄せ → 統合)。",
    )


def _newcomers(names: Sequence[str]) -> Text:
    told = told_newcomers(names)
    return Text(
        f"Ids not known before: {told.en} If you know them under other ids, choose the system or the column that holds those.",
        f"未登録のID: {told.ja}登録済みの顧客企業であれば、そのIDの体系または列を選んでください。",
    )


def _capitals(apart: Mapping[str, str]) -> Text:
    pairs, more = [*apart.items()][:_NAMED], len(apart) - _NAMED
    en = ", ".join(f"{clip(name)} ({clip(other)})" for name, other in pairs)
    ja = "、".join(f"{clip(name)}({clip(other)})" for name, other in pairs)
    if more > 0:
        en, ja = f"{en} and {more:,} more", f"{ja} ほか{more:,}件"
    return Text(
        f"Ids that differ from known ones (in brackets) in capitals alone: {en}. They are taken for other customers; where they "
        "are the same, write them alike, or merge them afterwards (Setup, Identity, Merges).",
        f"登録済みのID(かっこ内)と大文字小文字だけが異なるIDがあります: {ja}。別の顧客企業として取り込みます。同じ場合は表記をそろえるか、"
        "取り込み後に統合してください(設定 → 名寄せ → 統合)。",
    )


def _currencies_of(made: Import) -> dict[str, int]:
    """The currencies of what an import stated, each with the number of records."""
    if made.is_taken_back or not _has(made.kind, "currency"):
        return {}
    stated = RecordVersion.objects.filter(import_id=made.pk, undoes=None).exclude(data__currency=None)
    return dict(stated.values_list("data__currency").annotate(n=Count("record_id", distinct=True)))


def _unrated(made: Import, currencies: Mapping[str, int]) -> list[Remark]:
    """Money that no sum can take in yet."""
    if made.kind == EXCHANGE_RATE.name or not (lacking := without_rate(currencies)):
        return []
    listed, own = ", ".join(f"{name} {count:,}" for name, count in lacking.items()), get_company().currency
    text = Text(
        f"No exchange rate leads from these currencies to {own}: {listed}. Their amounts are in no sum until the rates are "
        f"imported (kind: {EXCHANGE_RATE.plural.en}), or another currency is chosen under Setup, Company.",
        f"{own}への為替レートがない通貨があります({listed}件)。為替レートを取り込む(種類: {EXCHANGE_RATE.plural.ja})か、"
        "「設定 → 会社」で自社の通貨を変更するまで、金額は集計に含まれません。",
    )
    remedy = Text("`enishi import rates FILE` takes them in.", "レートの取り込み: `enishi import rates FILE`")
    return [Remark(NO_RATE, text, remedy, lacking)]


def _made_ids(kind: str, plan: Plan) -> list[Remark]:
    """What serves as the id where no column holds it: a second file that does have it finds nothing of this one."""
    if not _has(kind, "id") or plan.columns.get("id"):
        return []
    named = [plan.columns[name] for name in NATURAL_IDS.get(kind, ()) if plan.columns.get(name)]
    if not named:
        return [Remark(MADE_IDS, WHOLE_ROW, SAY_ID, named)]
    en, ja = ", else ".join(named), "、なければ".join(named)
    text = Text(
        f"No column is matched to the ID: the ids are made of {en}. Files that name another number (a customer number, "
        "say) will not find these records.",
        f"「ID」に当たる列がないため、{ja}をIDとして使います。他のファイルの番号(顧客番号など)とは結び付きません。",
    )
    return [Remark(MADE_IDS, text, SAY_ID, named)]


def makes_ids(made: Import) -> bool:
    """Whether a received file's ids would be made of its cells, as its plan stands."""
    return bool(_made_ids(made.kind, Plan.from_json(made.plan)))


def check_ids(made: Import) -> None:
    """Refuse ids that are made of the cells unless a person agreed to it.

    Raises:
        EnishiError: ``made_ids``.
    """
    if makes_ids(made) and not Plan.from_json(made.plan).made_ids:
        raise EnishiError(
            "made_ids",
            Text("No column is matched to the ID.", "「ID」に当たる列がありません。"),
            Text(
                "Choose the column of the ID, or tick that the file has none.",
                "IDの列を選ぶか、「このファイルにIDの列はない」にチェックを入れてください。",
            ),
        )


def _two_ways(plan: Plan, unclear: Mapping[str, str]) -> Remark:
    decimals = {heading: plan.decimals.get(heading, POINT) for heading in unclear}
    read = {heading: f"{read_amount(unclear[heading], mark)[0]:f}" for heading, mark in decimals.items()}
    en = ", ".join(f"{heading} ('{clip(unclear[heading])}' is read as {read[heading]})" for heading in read)
    ja = "、".join(f"{heading}(「{clip(unclear[heading])}」は{read[heading]})" for heading in read)
    text = Text(
        f"Numbers that may be written in two ways, by the point or by the comma before decimals: {en}.",
        f"小数点が「.」か「,」かで2通りに読める数値があり、次のとおり取り込みます: {ja}。",
    )
    remedy = Text(
        "If they are meant otherwise: --decimal comma (1.234,5) or point (1,234.5).",
        "異なる場合は --decimal comma(1.234,5)または point(1,234.5)を指定してください。",
    )
    return Remark(TWO_WAYS, text, remedy, decimals)


def _mixed(plan: Plan, mixed: Mapping[str, Contradiction]) -> Remark:
    marks = {COMMA: Text("comma", "カンマ"), POINT: Text("point", "ピリオド")}
    en, ja = [], []
    for heading, found in mixed.items():
        mark, (read_at, read), (refused_at, refused) = marks[found.mark], found.read, found.refused
        en.append(
            f"'{heading}' is read with a decimal {mark.en} because of row {read_at} ('{clip(read)}'), which row {refused_at} "
            f"('{clip(refused)}') contradicts"
        )
        ja.append(
            f"「{heading}」は{read_at}行目の「{clip(read)}」から小数点を{mark.ja}として読み取りますが、{refused_at}行目の"
            f"「{clip(refused)}」と矛盾します"
        )
    doubted = any(plan.mixed.get(heading) == "" for heading in mixed)
    text = Text(
        f"Decimals are written in two ways: {'; '.join(en)}. {(REFUSED_BOTH if doubted else REFUSED_OTHER).en}",
        f"小数点の書き方が混在しています。{'。'.join(ja)}。{(REFUSED_BOTH if doubted else REFUSED_OTHER).ja}",
    )
    remedy = Text(
        "Which one holds: --decimal comma (1.234,5) or point (1,234.5); all that is written so is read then.",
        "--decimal comma(1.234,5)または point(1,234.5)を指定すると、その書き方の値をすべて取り込みます。",
    )
    return Remark(MIXED, text, remedy, {heading: found.mark for heading, found in mixed.items()})


def _gives(plan: Plan, name: str) -> bool:
    return bool(plan.columns.get(name) or plan.constants.get(name))


def _has(kind: str, name: str) -> bool:
    return any(field.name == name for field in FILE_KINDS[kind].fields)


def _unused(kind: str, plan: Plan, unused: Sequence[str]) -> Text:
    en, ja = "not taken in", "取り込みません"
    if plan.keep_rest:
        en, ja = "kept with the record, but no figure uses it", "データには残しますが、集計には使いません"
        if kind == EVENT.name:
            en, ja = "kept as properties of the event", "イベントの属性として保存します"
    return Text(
        f"Not matched to a field: {', '.join(unused)} ({en}).",
        f"どの項目にも対応していない列: {'、'.join(unused)}({ja})。",
    )


REMEMBERED = Remark(
    "remembered_mapping",
    Text(
        "These headings came before: the mapping of that time is used.",
        "以前と同じ見出しのため、そのときの対応付けを使っています。",
    ),
    Text("--map corrects it.", "--map で修正できます。"),
    True,
    grave=False,
)
NAME_IT = Text(
    "If one belongs to a field: --map FIELD=COLUMN.",
    "項目に当たる列があれば --map 項目=列名 で指定してください。",
)
ROWS_AGAIN = (
    Text(
        "A file with these headings came before, with another column as the ID. Rows that came then are not taken twice: "
        "their records get the new id.",
        "同じ見出しのファイルを、別のIDの列で取り込んだことがあります。そのときの行は二重に登録せず、IDだけを新しいものに"
        "置き換えます。",
    ),
    Text("", ""),
)
EVENTS_AGAIN = (
    Text(
        "A file with these headings came before, with another mapping. Events that came then are not counted again, and "
        "stay as they were read then; the mapping holds for new rows.",
        "同じ見出しのファイルを、別の対応付けで取り込んだことがあります。そのときの利用イベントは取り込み時の内容のまま残り、"
        "二重には数えません。新しい行にだけ今回の対応付けを使います。",
    ),
    Text("", ""),
)
WHOLE_ROW = Text(
    "No column is matched to the ID: each row is known by its whole content. A row that changed is a new record, and "
    "two equal rows are two records.",
    "「ID」に当たる列がないため、行全体の内容で区別します。内容が変わった行は新しいデータになり、同じ内容の行が2つあれば"
    "2件として取り込みます。",
)
OWN = Text(
    "This is a list that Enishi wrote: each row's id belongs to the system the row names, and only columns matched to a field "
    "are taken in, not what Enishi computed.",
    "Enishiが書き出した一覧です。IDは各行の「IDの体系」に属するものとします。項目に対応付けた列だけを取り込み、Enishiが算出した"
    "値は取り込みません。",
)
OTHERS = Text(
    "If they are another system's: --system NAME.",
    "別のシステムのIDであれば --system 名前 で指定してください。",
)
REFUSED_OTHER = Text(
    "Rows written the other way are rejected.",
    "もう一方の書き方の行は受け付けません。",
)
REFUSED_BOTH = Text(
    "Rows written the other way are rejected, and so are those that may be read either way, until the mark is chosen.",
    "もう一方の書き方の行と、どちらとも読める値の行は、小数点の記号を選ぶまで受け付けません。",
)
SAY_ID = Text("--map id=COLUMN says which one it is.", "IDの列は --map id=列名 で指定できます。")
ASSUMED = Text(
    "No column says the billing interval: every amount is taken as an amount per month.",
    "請求間隔の列がないため、金額はすべて月額として計算します。",
)
SAY_INTERVAL = Text(
    "If they are not: --map interval=COLUMN, or --set interval=year (quarter, half).",
    "月額でない場合は --map interval=列名 または --set interval=year(quarter、half)で指定してください。",
)
ACCOUNTLESS = Text(
    "No column names the account: these events count only for users whose account is known otherwise.",
    "顧客企業の列がありません。所属先が別途分かっている利用者の分だけが集計されます。",
)
SAY_ACCOUNT = Text("--map account=COLUMN says which one it is.", "列は --map account=列名 で指定できます。")
