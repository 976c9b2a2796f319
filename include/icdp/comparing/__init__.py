"""What changed between two editions and why, and the scale common to all years; reads published tables only."""
