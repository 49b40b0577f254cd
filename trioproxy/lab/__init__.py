"""The lab: scripted peers, and what studies cancellation with them (`docs/lab.md`).

script/, stories/ ─▶ upstream.py, guest/ (sockets), source.py (in memory)
explore/   this proxy, a fault at every step      compare/, experiments/   relays that differ in one thing
wire/      any proxy, over sockets                report/, from_trace/     results as a page, traces as stories
"""
