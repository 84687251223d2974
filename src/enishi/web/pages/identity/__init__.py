"""The identity desk: unmatched groups and users, outside ids, merges."""
