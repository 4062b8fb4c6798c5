"""One module for each command, or for the commands of one subject."""
