"""Maintenance of a library: check and repair it, export and delete the data of a listener."""
