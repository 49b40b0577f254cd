"""Scripted peers."""
