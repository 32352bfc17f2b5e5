"""The whole stack on one machine without Docker: real servers, three services and a supervisor over them."""
