"""OpenSubsonic API for music players, under ``/rest/``.

The protocol is Subsonic 1.16.1 with the clarifications and extensions of OpenSubsonic
(opensubsonic.netlify.app). A method is a function that takes a `Call` and returns the content of
the response; `responses` writes that as XML or JSON, `identity` authenticates the client, `routes`
finds the method of an address. ``docs/players.md`` explains how to connect players.
"""
