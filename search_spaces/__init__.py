"""What may be tried: typed, bounded domains and the conditions under which they are searched. Pure Python."""
