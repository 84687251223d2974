"""Tables of the way in."""
