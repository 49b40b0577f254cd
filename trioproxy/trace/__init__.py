"""What happened, written down: the schema that the lab, the reports and the proxy in service share."""
