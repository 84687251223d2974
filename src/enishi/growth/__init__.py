"""Who is ready for what: offers, readiness, the next product, where the next hour pays most."""
