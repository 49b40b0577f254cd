"""Speed and memory of the proxy, side by side with its peers. Run by `make bench`; never a timed test."""
