"""What is trending, what fits whom, and each reader's selection."""
