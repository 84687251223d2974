"""Whom we know at a customer: influence, strength, who is missing, who is likely to leave."""
