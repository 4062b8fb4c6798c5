"""Hidden layers of finite width, drawn: the last layer is integrated given them."""
