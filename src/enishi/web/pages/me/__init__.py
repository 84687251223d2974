"""My settings: who I am here, my language, my sign-in."""
