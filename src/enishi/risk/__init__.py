"""How likely each customer is to leave or renew: models with versions, statements, and what came of them."""
