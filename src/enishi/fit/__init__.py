"""Whether a customer was the right one to sell to."""
