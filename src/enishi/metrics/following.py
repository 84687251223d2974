"""When one contract of a customer follows another: it begins around the other's end, and goes on beyond."""

OVERLAP_DAYS = 31
"""A contract may begin so long before the end of the one it follows."""
GRACE_DAYS = 7
"""And so long after it; a contract whose end is dated so much later than its renewal date was not renewed either."""
