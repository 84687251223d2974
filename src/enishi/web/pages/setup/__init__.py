"""Setup: from an empty installation to the first score, and whether data are whole and fresh."""
