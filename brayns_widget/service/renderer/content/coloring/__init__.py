"""What models can be colored by, and the tables of colors that result, one row for each color slot."""
