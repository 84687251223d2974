"""When each contact last used the product, and how regularly before: from the published months of use."""

from __future__ import annotations

from datetime import date, timedelta

from enishi.signals.asof import KnownRecords
from enishi.stakeholders.contracts import Use

LOOK_BACK = 730

# Bit 30 of ``days`` stands for the 1st of the month, bit 0 for the 31st: the lowest bit set is the last day with use.
_SQL = """
with link as (
  select system, value, arg_max_null(if(deleted, null, contact_id), version_id) as contact_id
  from read_parquet($links) where target = 'user' and known_on <= $day group by 1, 2
), person as (
  select users.user_no, link.contact_id from read_parquet($users) as users
  join link on link.system = users.system and link.value = users.user_id where link.contact_id is not null
), kept as (
  select person.contact_id, month,
         bit_or(if(month = date_trunc('month', $day::date),
                   days & ~((1::bigint << (31 - extract(day from $day::date)::int)) - 1), days)) as days
  from read_parquet($months) as used join person using (user_no)
  where month >= $first and month <= $day and (late_on is null or late_on <= $day) group by 1, 2
), last as (
  select contact_id, max(month) as month from kept where days <> 0 group by 1
)
select kept.contact_id,
       max(if(kept.month = last.month, kept.month::date + (30 - bit_count((days & -days) - 1))::int, null)) as last_on,
       sum(bit_count(days)) as days
from kept join last on kept.contact_id = last.contact_id
  and kept.month > last.month - interval 6 month and kept.month <= last.month
where days <> 0 group by 1
"""


def read_uses(records: KnownRecords, day: date) -> dict[int, Use]:
    """Contact -> the last day with use by ``day``, and the days with use in the half year up to it."""
    published = records.published
    tables = {
        "links": published.files("link"),
        "users": published.files("users"),
        "months": published.files("user_months"),
    }
    if not all(tables.values()):
        return {}
    values = {**tables, "day": day, "first": day - timedelta(days=LOOK_BACK)}
    rows = records.connection.execute(_SQL, values).fetchall()
    return {contact: Use(last, int(days)) for contact, last, days in rows if last}
