"""Published fields and types of responses, copied from opensubsonic.netlify.app.

A field whose name ends in ``?`` may be missing. A list of one shape is an array of it; `SONGS` are
arrays of `SONG`. Fields that are not named here may not be in an answer.
"""

GENRE_NAME = {"name": str}
ARTIST_NAME = {"id": str, "name": str}

SONG = {
    "id": str,
    "parent?": str,
    "isDir": bool,
    "title": str,
    "album?": str,
    "artist?": str,
    "track?": int,
    "year?": int,
    "genre?": str,
    "coverArt?": str,
    "size?": int,
    "contentType?": str,
    "suffix?": str,
    "transcodedContentType?": str,
    "transcodedSuffix?": str,
    "duration?": int,
    "bitRate?": int,
    "path?": str,
    "isVideo?": bool,
    "userRating?": int,
    "playCount?": int,
    "discNumber?": int,
    "created?": str,
    "starred?": str,
    "albumId?": str,
    "artistId?": str,
    "type?": str,
    "mediaType?": str,
    "played?": str,
    "bpm?": int,
    "sortName?": str,
    "musicBrainzId?": str,
    "genres?": [GENRE_NAME],
    "artists?": [ARTIST_NAME],
    "displayArtist?": str,
    "albumArtists?": [ARTIST_NAME],
    "displayAlbumArtist?": str,
    "replayGain?": {
        "trackGain?": float,
        "albumGain?": float,
        "trackPeak?": float,
        "albumPeak?": float,
    },
    "bitDepth?": int,
    "samplingRate?": int,
    "channelCount?": int,
    "comment?": str,
    "isrc?": [str],
    "contributors?": [{"role": str, "artist": ARTIST_NAME}],
    "displayComposer?": str,
    "moods?": [str],
    "groupings?": [str],
    "explicitStatus?": str,
}
SONGS = {"song?": [SONG]}
ALBUM = {
    "id": str,
    "name": str,
    "album?": str,
    "artist?": str,
    "artistId?": str,
    "coverArt?": str,
    "songCount": int,
    "duration": int,
    "playCount?": int,
    "created": str,
    "starred?": str,
    "year?": int,
    "genre?": str,
    "played?": str,
    "userRating?": int,
    "genres?": [GENRE_NAME],
    "artists?": [ARTIST_NAME],
    "displayArtist?": str,
    "sortName?": str,
    "musicBrainzId?": str,
    "isCompilation?": bool,
}
FOLDER = {**ALBUM, "parent?": str, "isDir": bool, "title": str}
ARTIST = {
    "id": str,
    "name": str,
    "coverArt?": str,
    "albumCount?": int,
    "starred?": str,
    "userRating?": int,
    "sortName?": str,
    "musicBrainzId?": str,
}
INDEX = [{"name": str, "artist?": [ARTIST]}]
PLAYLIST = {
    "id": str,
    "name": str,
    "comment?": str,
    "owner?": str,
    "public?": bool,
    "songCount": int,
    "duration": int,
    "created": str,
    "changed": str,
    "coverArt?": str,
    "readonly?": bool,
    "validUntil?": str,
}
NOW = {
    **SONG,
    "username": str,
    "minutesAgo": int,
    "playerId": int,
    "playerName?": str,
    "state?": str,
    "positionMs?": int,
    "playbackRate?": float,
}
USER = {
    "username": str,
    "scrobblingEnabled": bool,
    "adminRole": bool,
    "settingsRole": bool,
    "downloadRole": bool,
    "uploadRole": bool,
    "playlistRole": bool,
    "coverArtRole": bool,
    "commentRole": bool,
    "podcastRole": bool,
    "streamRole": bool,
    "jukeboxRole": bool,
    "shareRole": bool,
    "videoConversionRole": bool,
    "folder?": [int],
}
LYRICS = {"artist?": str, "title?": str, "value": str}
QUEUE = {
    "username": str,
    "changed": str,
    "changedBy": str,
    "position?": int,
    "entry?": [SONG],
}
BOOKMARK = {
    "position": int,
    "username": str,
    "comment?": str,
    "created": str,
    "changed": str,
    "entry": SONG,
}
STATION = {"id": str, "name": str, "streamUrl": str, "homePageUrl?": str}
SONIC = [{"entry": SONG, "similarity": float}]
HEAD = {
    "status": str,
    "version": str,
    "type": str,
    "serverVersion": str,
    "openSubsonic": bool,
}
ERROR = {"code": int, "message?": str, "helpUrl?": str}


def check(document, shape, where=""):
    """Fail unless a document has a shape."""
    if isinstance(shape, list):
        assert isinstance(document, list), where
        for place, one in enumerate(document):
            check(one, shape[0], f"{where}[{place}]")
        return
    if not isinstance(shape, dict):
        given = float if shape is float and type(document) is int else type(document)
        assert given is shape, f"{where}: {document!r} is no {shape.__name__}"
        return
    assert isinstance(document, dict), where
    fields = {name.removesuffix("?"): inside for name, inside in shape.items()}
    assert document.keys() <= fields.keys(), f"{where}: {document.keys() - fields.keys()}"
    for name in shape:
        assert name.endswith("?") or name in document, f"{where}.{name}"
    for name, value in document.items():
        check(value, fields[name], f"{where}.{name}")


def from_xml(element, shape):
    """Return an element as the document that the same answer is in JSON."""
    if not isinstance(shape, dict):
        return _value(element.text or "", shape)
    document = {}
    for field, inside in shape.items():
        name = field.removesuffix("?")
        children = [one for one in element if one.tag.rpartition("}")[2] == name]
        if isinstance(inside, list):
            document[name] = [from_xml(one, inside[0]) for one in children]
        elif isinstance(inside, dict):
            if children:
                document[name] = from_xml(children[0], inside)
        elif name == "value":
            document[name] = element.text or ""
        elif element.get(name) is not None:
            document[name] = _value(element.get(name), inside)
    known = {field.removesuffix("?") for field in shape} | {"xmlns"}
    assert {one.tag.rpartition("}")[2] for one in element} <= known
    assert set(element.keys()) <= known
    return document


def _value(text, kind):
    if kind is bool:
        assert text in ("true", "false")
        return text == "true"
    return kind(text)
