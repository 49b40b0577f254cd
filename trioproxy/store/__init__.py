"""The ledger: one row a call, one row an exchange, each settled once."""
