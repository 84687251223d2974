"""The room's door: names only."""

from enishi.definitions.actions import (
    as_yaml,
    discard_draft,
    export_folder,
    import_folder,
    install_defaults,
    publish,
    retire,
    roll_back,
    save_draft,
)
from enishi.definitions.compare import changes_between
from enishi.definitions.errors import BadDefinition
from enishi.definitions.names import event_title, product_title, readable
from enishi.definitions.reads import (
    default_body,
    definitions_remembered,
    find_published,
    get_causes,
    get_fit,
    get_names,
    get_tiers,
    known_metrics,
    list_custom_metrics,
    list_published,
    list_scorecards,
    list_versions,
)
from enishi.definitions.rules import parse_body

__all__ = [
    "BadDefinition",
    "as_yaml",
    "changes_between",
    "default_body",
    "definitions_remembered",
    "discard_draft",
    "event_title",
    "export_folder",
    "find_published",
    "get_causes",
    "get_fit",
    "get_names",
    "get_tiers",
    "import_folder",
    "install_defaults",
    "known_metrics",
    "list_custom_metrics",
    "list_published",
    "list_scorecards",
    "list_versions",
    "parse_body",
    "product_title",
    "publish",
    "readable",
    "retire",
    "roll_back",
    "save_draft",
]
