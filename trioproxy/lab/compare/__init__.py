"""The same cases, played to relays that differ in one decision, and to the proxy as it serves.

    axes ─▶ combinations ─▶ contestants ── sweep ─▶ standings ─▶ table, records

Stories, faults and judges are those of `lab/explore`.
"""
