"""What events and products are called on screen."""
