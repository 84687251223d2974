"""Health → Forecast, and what is forecast of one customer."""
