"""Files: opened in whatever form they come, matched to fields, read row by row, imported."""
