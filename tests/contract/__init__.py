"""Tests of what others rely on: the HTTP contract and the messages."""
