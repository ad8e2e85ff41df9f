"""What came out of a study: records, store, statistics. Nothing here knows how it was computed."""
