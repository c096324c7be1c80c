"""Analysis of the tracks of a library: scan, identity, plan, worker processes, and stores."""
