"""What answers a call: open() -> async context manager of an answer."""
