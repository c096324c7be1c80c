"""HTTP server: the API, the web page, OpenSubsonic and ListenBrainz for one library.

This is an adapter without logic: it parses requests, checks permissions, calls the pipeline and
formats responses.
"""
