"""The five numbers of a target, each with its confidence interval and its method."""
