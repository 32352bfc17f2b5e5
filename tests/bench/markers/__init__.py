"""One document per format that holds a marker word for every feature; which library finds which words."""
