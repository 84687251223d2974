"""Members: who works here, with which rights; teams."""
