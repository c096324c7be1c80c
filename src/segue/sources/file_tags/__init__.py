"""Tags of audio files: read them from any container, and write them back.

`containers` (tags of a file by name), `encodings` (bytes of unstated encoding), `fields` (what
segue uses, from the best of several tags), `path_names` (names of files and folders).
"""
