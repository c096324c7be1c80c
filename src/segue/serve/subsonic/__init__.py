"""OpenSubsonic: what music players ask of a server, under ``/rest/``.

The protocol is Subsonic's 1.16.1 with the clarifications and extensions of OpenSubsonic
(opensubsonic.netlify.app). A method is a function of a `Call` that returns what stands in the
answer; `answers` writes that as XML or JSON, `identity` says who calls, `routes` leads from an
address to the method. How players are connected is told in ``docs/players.md``.
"""
