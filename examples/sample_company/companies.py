"""Customer companies: invented names with readings, industry, size, region, language and channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sample import Sample

HEADS = [
    line.split()
    for line in """青葉 アオバ aoba|若草 ワカクサ wakakusa|みなと ミナト minato|白鷺 シラサギ shirasagi|東雲 シノノメ shinonome
朝凪 アサナギ asanagi|深山 ミヤマ miyama|光陽 コウヨウ koyo|瑞穂野 ミズホノ mizuhono|桜台 サクラダイ sakuradai
緑風 リョクフウ ryokufu|千早 チハヤ chihaya|大和路 ヤマトジ yamatoji|北斗星 ホクトセイ hokutosei|南風 ミナミカゼ minamikaze
雲雀 ヒバリ hibari|銀河野 ギンガノ gingano|清流 セイリュウ seiryu|あかつき アカツキ akatsuki|天満橋 テンマバシ tenmabashi
八千代 ヤチヨ yachiyo|笹川 ササガワ sasagawa|浜風 ハマカゼ hamakaze|小春 コハル koharu|山吹 ヤマブキ yamabuki
翠嵐 スイラン suiran|三条 サンジョウ sanjo|四季彩 シキサイ shikisai|五十鈴 イスズガワ isuzugawa|六花 リッカ rikka
七海 ナナミ nanami|九重 ココノエ kokonoe|万葉 マンヨウ manyo|高千穂 タカチホ takachiho|琥珀 コハク kohaku
若狭 ワカサ wakasa|出雲路 イズモジ izumoji|葛城 カツラギ katsuragi|紀州 キシュウ kishu|越路 コシジ koshiji
飛鳥 アスカ asuka|明石 アカシ akashi|能登 ノト noto|信濃 シナノ shinano|加賀見 カガミ kagami
結城 ユウキ yuuki|真砂 マサゴ masago|常盤 トキワ tokiwa|武蔵野 ムサシノ musashino|湘洋 ショウヨウ shoyo""".replace(
        "\n", "|"
    ).split("|")
]

# word, kana, romaji, industry (Japanese and English)
TRADES = [
    line.split()
    for line in """精機 セイキ seiki 製造 Manufacturing|製作所 セイサクショ seisakusho 製造 Manufacturing
工業 コウギョウ kogyo 製造 Manufacturing|食品 ショクヒン shokuhin 食品 Food|フーズ フーズ foods 食品 Food
物流 ブツリュウ butsuryu 物流 Logistics|運輸 ウンユ unyu 物流 Logistics|商事 ショウジ shoji 卸売 Wholesale
産業 サンギョウ sangyo 卸売 Wholesale|建設 ケンセツ kensetsu 建設 Construction|工務店 コウムテン komuten 建設 Construction
システムズ システムズ systems IT IT|テクノロジー テクノロジー technology IT IT|ソリューションズ ソリューションズ solutions IT IT
メディカル メディカル medical 医療 Healthcare|薬品 ヤクヒン yakuhin 医療 Healthcare|不動産 フドウサン fudosan 不動産 RealEstate
学園 ガクエン gakuen 教育 Education|トラベル トラベル travel 旅行 Travel|ホテルズ ホテルズ hotels 旅行 Travel
印刷 インサツ insatsu 印刷 Printing|電機 デンキ denki 製造 Manufacturing|化学 カガク kagaku 化学 Chemicals
保険サービス ホケンサービス hoken 金融 Finance|リース リース lease 金融 Finance|ストアーズ ストアーズ stores 小売 Retail
百貨 ヒャッカ hyakka 小売 Retail|エナジー エナジー energy エネルギー Energy|デザイン デザイン design サービス Services
スタッフ スタッフ staff サービス Services""".replace("\n", "|").split("|")
]

REGIONS = (
    "東京都",
    "大阪府",
    "愛知県",
    "神奈川県",
    "福岡県",
    "北海道",
    "宮城県",
    "広島県",
    "京都府",
    "兵庫県",
    "埼玉県",
    "静岡県",
)
REGION_SHARES = (0.3, 0.14, 0.1, 0.09, 0.07, 0.06, 0.05, 0.05, 0.04, 0.04, 0.03, 0.03)
SIZES = (("SMB", 0.55), ("Mid", 0.33), ("Enterprise", 0.12))
CHANNELS = (("Web", 0.32), ("展示会", 0.2), ("紹介", 0.18), ("パートナー", 0.16), ("広告", 0.14))
# The same by size: advertising brings the small, referrals the large.
CHANNELS_BY_SIZE = {
    "SMB": (("Web", 0.37), ("展示会", 0.17), ("紹介", 0.11), ("パートナー", 0.15), ("広告", 0.2)),
    "Mid": (("Web", 0.28), ("展示会", 0.235), ("紹介", 0.24), ("パートナー", 0.17), ("広告", 0.075)),
    "Enterprise": (("Web", 0.2), ("展示会", 0.24), ("紹介", 0.34), ("パートナー", 0.18), ("広告", 0.04)),
}
ENGLISH_FORMS = ("Inc.", "Ltd.", "Group", "LLC")
_NAMES = len(HEADS) * len(TRADES)
_STRIDE = 7919  # prime: walks the whole list of names before repeating one


@dataclass(frozen=True)
class Company:
    index: int
    name: str
    kana: str
    domain: str
    industry: str
    employees: int
    size: str
    region: str
    country: str
    language: str
    channel: str
    currency: str

    @property
    def id(self) -> str:
        return account_id(self.index)


def account_id(index: int) -> str:
    return f"C{index + 1:06d}"


def company(sample: Sample, index: int) -> Company:
    """The customer with that number."""
    random = sample.random(index, "company")
    abroad = random.random() < 0.05
    english = abroad or random.random() < 0.07
    size = _choose(random, SIZES)
    low, high = {"SMB": (10, 80), "Mid": (80, 600), "Enterprise": (600, 8000)}[size]
    name, kana, slug, industry = _name(random, index, english)
    return Company(
        index=index,
        name=name,
        kana=kana,
        domain=f"{slug}.example",
        industry=industry,
        employees=int(np.exp(random.uniform(np.log(low), np.log(high)))),
        size=size,
        region="California" if abroad else str(random.choice(REGIONS, p=REGION_SHARES)),
        country="US" if abroad else "JP",
        language="en" if english else "ja",
        channel=_choose(random, CHANNELS_BY_SIZE[size]),
        currency="USD" if abroad else "JPY",
    )


def _name(random: np.random.Generator, index: int, english: bool) -> tuple[str, str, str, str]:
    place = index * _STRIDE % _NAMES
    head, head_kana, head_romaji = HEADS[place % len(HEADS)]
    trade, trade_kana, trade_romaji, industry, industry_en = TRADES[place // len(HEADS)]
    again = index // _NAMES
    slug = f"{head_romaji}-{trade_romaji}{again + 1 if again else ''}"
    branch = f"第{again + 1}" if again else ""
    if english:
        form = ENGLISH_FORMS[random.integers(len(ENGLISH_FORMS))]
        name = f"{head_romaji.title()} {trade_romaji.title()} {again + 1 if again else ''}".strip()
        return f"{name} {form}", "", slug, industry_en
    before = random.random() < 0.55
    name = f"株式会社{head}{trade}{branch}" if before else f"{head}{trade}{branch}株式会社"
    return name, f"{head_kana}{trade_kana}", slug, industry


def _choose(random: np.random.Generator, options: tuple[tuple[str, float], ...]) -> str:
    return options[random.choice(len(options), p=[share for _, share in options])][0]
