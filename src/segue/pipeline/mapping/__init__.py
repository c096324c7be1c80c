"""All tracks on a plane: laying vectors out, and keeping the map."""
