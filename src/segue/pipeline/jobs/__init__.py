"""Jobs: long commands run by processes of their own."""
