"""What people wrote, judged: tone and topic of tickets, survey comments and notes."""
