"""The faces: Hypercorn, Quart, and what the outside sees."""
