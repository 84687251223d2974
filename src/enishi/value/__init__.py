"""What a customer is worth: lifetime value, acquisition, unit economics."""
