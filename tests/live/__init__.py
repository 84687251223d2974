"""Real processes of an installation, for tests that send to it, kill it, or fill its disk."""
