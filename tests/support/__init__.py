"""What several tests share: raw clients, scripted upstreams, servers in a subprocess."""
