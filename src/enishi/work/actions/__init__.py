"""What people do about accounts: one verb, one transaction, one audit line each."""
