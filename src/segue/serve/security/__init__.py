"""Authentication and limits: host names, origins, sessions, body sizes, slow clients."""
