"""The rejects desk: what was taken in but could not be understood."""
