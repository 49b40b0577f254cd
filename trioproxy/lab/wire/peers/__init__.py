"""Proxies that are driven, not used: programs of their own, which the lab starts as it starts anybody's."""
