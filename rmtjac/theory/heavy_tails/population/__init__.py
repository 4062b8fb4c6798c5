"""The limit with the true coupling of D and W at any depth, by pools of neurons."""
