"""Write what segue knows to the tags of files, and undo it."""
