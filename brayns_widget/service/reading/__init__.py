"""Reading of files in a process that may die: a damaged file can crash the library that reads it, or make it hang."""
