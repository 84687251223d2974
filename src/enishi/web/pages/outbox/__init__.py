"""The outbox: mail waiting, sent and given up."""
