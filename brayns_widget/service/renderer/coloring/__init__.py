"""What models can be coloured by, and the tables of colours that result, one row for each colour slot."""
