"""Finishes or undoes what crashes and outages left half done, one small rule per sort of leftover."""
