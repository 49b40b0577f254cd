"""Values to decisions, pure: time and chance are arguments."""
