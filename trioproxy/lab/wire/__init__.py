"""Any proxy, over the wire: real sockets, between a scripted upstream and scripted clients."""
