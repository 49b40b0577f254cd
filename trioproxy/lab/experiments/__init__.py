"""Questions about cancellation, one a file, each with its hypothesis; what came of them is in `docs/experiments/`."""
