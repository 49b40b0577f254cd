"""Lists and sums for people, from rows; pure."""
