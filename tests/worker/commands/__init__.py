"""The operator's commands, typed as an operator types them."""
