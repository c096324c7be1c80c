"""Read datasets: tables, music folders, the GTZAN layout, and Million Song files."""
