"""Names of people, family first, with readings. Common names, freely combined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# kanji, katakana, romaji
FAMILY = [
    line.split()
    for line in """佐藤 サトウ sato|鈴木 スズキ suzuki|高橋 タカハシ takahashi|田中 タナカ tanaka|伊藤 イトウ ito
渡辺 ワタナベ watanabe|山本 ヤマモト yamamoto|中村 ナカムラ nakamura|小林 コバヤシ kobayashi|加藤 カトウ kato
吉田 ヨシダ yoshida|山田 ヤマダ yamada|佐々木 ササキ sasaki|山口 ヤマグチ yamaguchi|松本 マツモト matsumoto
井上 イノウエ inoue|木村 キムラ kimura|林 ハヤシ hayashi|斎藤 サイトウ saito|清水 シミズ shimizu
山崎 ヤマザキ yamazaki|森 モリ mori|池田 イケダ ikeda|橋本 ハシモト hashimoto|阿部 アベ abe
石川 イシカワ ishikawa|山下 ヤマシタ yamashita|中島 ナカジマ nakajima|前田 マエダ maeda|小川 オガワ ogawa
藤田 フジタ fujita|岡田 オカダ okada|後藤 ゴトウ goto|長谷川 ハセガワ hasegawa|村上 ムラカミ murakami
近藤 コンドウ kondo|石井 イシイ ishii|坂本 サカモト sakamoto|遠藤 エンドウ endo|青木 アオキ aoki
藤井 フジイ fujii|西村 ニシムラ nishimura|福田 フクダ fukuda|太田 オオタ ota|三浦 ミウラ miura
岡本 オカモト okamoto|松田 マツダ matsuda|中川 ナカガワ nakagawa|中野 ナカノ nakano|原田 ハラダ harada
小野 オノ ono|田村 タムラ tamura|竹内 タケウチ takeuchi|金子 カネコ kaneko|和田 ワダ wada
上田 ウエダ ueda|石田 イシダ ishida|森田 モリタ morita|柴田 シバタ shibata|工藤 クドウ kudo""".replace(
        "\n", "|"
    ).split("|")
]

GIVEN = [
    line.split()
    for line in """健太 ケンタ kenta|翔太 ショウタ shota|大輔 ダイスケ daisuke|拓也 タクヤ takuya|直樹 ナオキ naoki
和也 カズヤ kazuya|達也 タツヤ tatsuya|誠 マコト makoto|浩二 コウジ koji|隆 タカシ takashi
哲也 テツヤ tetsuya|亮 リョウ ryo|悠斗 ユウト yuto|蓮 レン ren|陽介 ヨウスケ yosuke
修 オサム osamu|徹 トオル toru|秀樹 ヒデキ hideki|正人 マサト masato|智也 トモヤ tomoya
美咲 ミサキ misaki|陽子 ヨウコ yoko|恵子 ケイコ keiko|由美 ユミ yumi|久美子 クミコ kumiko
智子 トモコ tomoko|直美 ナオミ naomi|真由美 マユミ mayumi|裕子 ユウコ yuko|香織 カオリ kaori
さくら サクラ sakura|葵 アオイ aoi|結衣 ユイ yui|彩 アヤ aya|千尋 チヒロ chihiro
沙織 サオリ saori|麻衣 マイ mai|愛 アイ ai|瞳 ヒトミ hitomi|優子 ユウコ yuko""".replace("\n", "|").split("|")
]

ENGLISH_FAMILY = [
    "Adams",
    "Baker",
    "Carter",
    "Davies",
    "Evans",
    "Foster",
    "Graham",
    "Hughes",
    "Irwin",
    "Jensen",
    "Keller",
    "Lewis",
    "Morgan",
    "Nolan",
    "Owens",
    "Parker",
    "Quinn",
    "Reed",
    "Shaw",
    "Turner",
    "Vance",
    "Walker",
    "Young",
]
ENGLISH_GIVEN = [
    "Alice",
    "Ben",
    "Clara",
    "Daniel",
    "Emma",
    "Felix",
    "Grace",
    "Henry",
    "Isla",
    "Jack",
    "Kate",
    "Liam",
    "Maya",
    "Noah",
    "Olivia",
    "Paul",
    "Rose",
    "Sam",
    "Tara",
    "Victor",
]

TITLES_JA = {
    "decision_maker": ["代表取締役社長", "取締役", "執行役員", "事業部長", "情報システム部長"],
    "champion": ["課長", "業務改革推進リーダー", "情報システム課 主任", "DX推進担当"],
    "influencer": ["部長代理", "経営企画室長", "品質管理課長"],
    "power_user": ["主任", "業務担当リーダー", "営業事務リーダー"],
    "finance": ["経理課長", "経理担当", "財務主任"],
    "user": ["担当", "主事", "係長", "一般職"],
}
TITLES_EN = {
    "decision_maker": ["Chief Operating Officer", "VP Operations", "Director of IT"],
    "champion": ["Operations Manager", "Digital Programme Lead"],
    "influencer": ["Head of Planning", "Quality Manager"],
    "power_user": ["Team Lead", "Senior Coordinator"],
    "finance": ["Finance Manager", "Accounts Payable"],
    "user": ["Coordinator", "Specialist", "Analyst"],
}
DEPARTMENTS_JA = [
    "情報システム部",
    "営業部",
    "総務部",
    "経理部",
    "製造部",
    "カスタマーサポート部",
    "経営企画室",
]
# Titles that say where somebody works: the board and officers stand above every department.
DEPARTMENT_OF = {
    **dict.fromkeys(("代表取締役社長", "取締役", "執行役員", "事業部長"), ""),
    **dict.fromkeys(("情報システム部長", "情報システム課 主任"), "情報システム部"),
    **dict.fromkeys(("経理課長", "経理担当", "財務主任"), "経理部"),
    "経営企画室長": "経営企画室",
    "品質管理課長": "製造部",
    "営業事務リーダー": "営業部",
    **dict.fromkeys(("Chief Operating Officer", "VP Operations"), ""),
    **dict.fromkeys(("Finance Manager", "Accounts Payable"), "Finance"),
    "Director of IT": "IT",
    "Head of Planning": "Planning",
    "Quality Manager": "Production",
}
DEPARTMENTS_EN = ["IT", "Sales", "Administration", "Finance", "Production", "Support", "Planning"]


@dataclass(frozen=True)
class Person:
    family: str
    given: str
    kana: str
    mailbox: str  # before the @
    title: str
    department: str


def person(random: np.random.Generator, role: str, language: str) -> Person:
    """A person of that role who speaks that language."""
    if language == "en":
        family = ENGLISH_FAMILY[random.integers(len(ENGLISH_FAMILY))]
        given = ENGLISH_GIVEN[random.integers(len(ENGLISH_GIVEN))]
        return Person(
            family, given, "", f"{given}.{family}".lower(), *_work(random, TITLES_EN[role], DEPARTMENTS_EN)
        )
    family, family_kana, family_romaji = FAMILY[random.integers(len(FAMILY))]
    given, given_kana, given_romaji = GIVEN[random.integers(len(GIVEN))]
    return Person(
        family,
        given,
        f"{family_kana} {given_kana}",
        f"{family_romaji}.{given_romaji}",
        *_work(random, TITLES_JA[role], DEPARTMENTS_JA),
    )


def _work(random: np.random.Generator, titles: list[str], departments: list[str]) -> tuple[str, str]:
    """A title and the department it is held in; both are drawn, so that the draws that follow stay the same."""
    title, department = _pick(random, titles), _pick(random, departments)
    return title, DEPARTMENT_OF.get(title, department)


def _pick(random: np.random.Generator, options: list[str]) -> str:
    return options[random.integers(len(options))]


# The vendor's own people: mail, family, given, kana, role, scope, team, language.
TEAMS = ("エンタープライズ", "東日本", "西日本")
MEMBERS = (
    ("mizuki.hoshino", "星野", "瑞希", "ホシノ ミズキ", "manager", "all", "", "ja"),
    ("kenji.arai", "荒井", "健司", "アライ ケンジ", "csm", "own", "エンタープライズ", "ja"),
    ("emily.ward", "Ward", "Emily", "", "csm", "team", "エンタープライズ", "en"),
    ("natsumi.okubo", "大久保", "夏実", "オオクボ ナツミ", "csm", "own", "東日本", "ja"),
    ("ryota.imai", "今井", "亮太", "イマイ リョウタ", "csm", "team", "東日本", "ja"),
    ("shiori.kawai", "河合", "詩織", "カワイ シオリ", "csm", "own", "東日本", "ja"),
    ("daichi.minami", "南", "大地", "ミナミ ダイチ", "csm", "own", "西日本", "ja"),
    ("haruka.ono", "大野", "春香", "オオノ ハルカ", "csm", "team", "西日本", "ja"),
    ("takumi.sakai", "酒井", "匠", "サカイ タクミ", "sales", "all", "", "ja"),
    ("grace.lin", "Lin", "Grace", "", "viewer", "all", "", "en"),
)
# Who set Enishi up there; signs in with the address and password `enishi demo` prints.
ADMINISTRATOR = {"family_name": "藤田", "given_name": "智子", "name_kana": "フジタ トモコ"}
VENDOR_NAME = "株式会社ムスビワークス"
VENDOR_DOMAIN = "musubi.example"
CSM_MAILS = tuple(f"{row[0]}@{VENDOR_DOMAIN}" for row in MEMBERS if row[4] == "csm")
