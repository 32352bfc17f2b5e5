"""Tests that break something on purpose."""
