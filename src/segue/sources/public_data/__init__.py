"""Read public datasets in the layouts in which they are published."""
