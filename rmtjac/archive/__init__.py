"""Files of results: saved atomically with a digest, read without trust."""
