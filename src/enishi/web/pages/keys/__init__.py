"""Keys: write keys for events, API keys for the REST API."""
