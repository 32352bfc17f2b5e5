"""The three services. They share ``libs`` and never import each other."""
