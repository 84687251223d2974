"""Names inside a backup, known to making and to restoring."""

FORMAT = 1
ABOUT = "about.json"
SUMS = "SHA256SUMS"
PUBLISHED = "store/published"
DATABASE = "database"  # folder of PostgreSQL's tables
