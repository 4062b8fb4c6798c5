"""The limit of networks of any depth with D from their own forward pass, by population dynamics."""
