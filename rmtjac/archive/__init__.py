"""Files of results: saved atomically with a digest, and checked before they are used."""
