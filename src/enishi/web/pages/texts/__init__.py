"""Text reading: what do customers write about, in which tone, and how well is that read?"""
