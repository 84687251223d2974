"""The room's door: names only."""

from enishi.stakeholders.actions import (
    Opinion,
    access_contact,
    assess,
    check_may_write,
    decide_move,
    undo_assessment,
)
from enishi.stakeholders.book import judge_again, judge_book
from enishi.stakeholders.contracts import (
    FEELINGS,
    INFLUENCES,
    LEVELS,
    LIKELY,
    NEEDED_ROLES,
    ROLE_TITLES,
    STRENGTHS,
    WATCH,
    KeptTie,
    Relationship,
    Someone,
    Tie,
    Touch,
)
from enishi.stakeholders.jobs import refresh_relationships
from enishi.stakeholders.judging import judge
from enishi.stakeholders.models import AccountRelationship, Assessment, ContactMove, RelationshipRun
from enishi.stakeholders.moving import REASONS
from enishi.stakeholders.reads import (
    NEWS,
    TOUCH_KINDS,
    assessments_of,
    dismissed_of,
    kept_ties,
    moves_of,
    news_of,
    people_from,
    relationship_now,
    ties_of,
    touch_of,
    visible_relationships,
)
from enishi.stakeholders.strength import FORMULA, WINDOW
from enishi.stakeholders.titles import level_of

__all__ = [
    "FEELINGS",
    "FORMULA",
    "INFLUENCES",
    "LEVELS",
    "LIKELY",
    "NEEDED_ROLES",
    "NEWS",
    "REASONS",
    "ROLE_TITLES",
    "STRENGTHS",
    "TOUCH_KINDS",
    "WATCH",
    "WINDOW",
    "AccountRelationship",
    "Assessment",
    "ContactMove",
    "KeptTie",
    "Opinion",
    "Relationship",
    "RelationshipRun",
    "Someone",
    "Tie",
    "Touch",
    "access_contact",
    "assess",
    "assessments_of",
    "check_may_write",
    "decide_move",
    "dismissed_of",
    "judge",
    "judge_again",
    "judge_book",
    "kept_ties",
    "level_of",
    "moves_of",
    "news_of",
    "people_from",
    "refresh_relationships",
    "relationship_now",
    "ties_of",
    "touch_of",
    "undo_assessment",
    "visible_relationships",
]
