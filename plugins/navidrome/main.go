// A plugin of Navidrome that asks segue for similar songs and artists, and sends it what is played.
//
// Source: github.com/navidrome/navidrome, plugins/README.md and plugins/capabilities (August 2026).

package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

func main() {}

//go:wasmexport nd_get_similar_songs_by_track
func similarSongsByTrack() int32 { return respond(songsLikeTrack) }

//go:wasmexport nd_get_similar_songs_by_album
func similarSongsByAlbum() int32 { return respond(songsLikeAlbum) }

//go:wasmexport nd_get_similar_songs_by_artist
func similarSongsByArtist() int32 { return respond(songsLikeArtist) }

//go:wasmexport nd_get_artist_top_songs
func artistTopSongs() int32 { return respond(topSongs) }

//go:wasmexport nd_get_similar_artists
func similarArtists() int32 { return respond(artistsLike) }

//go:wasmexport nd_scrobbler_is_authorized
func isAuthorized() int32 { return respond(hasKey) }

//go:wasmexport nd_scrobbler_now_playing
func nowPlaying() int32 { return respond(sendNowPlaying) }

//go:wasmexport nd_scrobbler_scrobble
func scrobble() int32 { return respond(sendPlay) }

// The item that Navidrome asks about: a track, an album (Artist is the album artist) or an artist.
type wantedItem struct {
	Name   string `json:"name"`
	Artist string `json:"artist"`
	Count  int    `json:"count"`
	Limit  int    `json:"limit"`
}

type artistRef struct {
	Name string `json:"name"`
}

type songRef struct {
	Name     string      `json:"name"`
	MBID     string      `json:"mbid,omitempty"`
	ISRC     string      `json:"isrc,omitempty"`
	Artist   string      `json:"artist,omitempty"`
	Artists  []artistRef `json:"artists,omitempty"`
	Album    string      `json:"album,omitempty"`
	Duration float64     `json:"duration,omitempty"`
}

type songList struct {
	Songs []songRef `json:"songs"`
}

type artistList struct {
	Artists []artistRef `json:"artists"`
}

const (
	defaultCount = 20
	maxCount     = 500
)

func songsLikeTrack(wanted wantedItem) (songList, error) {
	var document struct {
		Tracks []struct {
			Track struct {
				Title    string      `json:"title"`
				Artist   string      `json:"artist"`
				Artists  []artistRef `json:"artists"`
				Album    string      `json:"album"`
				Duration float64     `json:"duration"`
			} `json:"track"`
		} `json:"tracks"`
	}
	name := url.PathEscape(wanted.Artist + " - " + wanted.Name)
	query := url.Values{"k": {count(wanted.Count)}}
	if _, err := fetch("/api/v1/tracks/"+name+"/similar", query, &document); err != nil {
		return songList{}, err
	}
	found := songList{Songs: []songRef{}}
	for _, one := range document.Tracks {
		if one.Track.Title == "" || one.Track.Artist == "" { // Navidrome matches names
			continue
		}
		found.Songs = append(found.Songs, songRef{
			Name:     one.Track.Title,
			Artist:   one.Track.Artist,
			Artists:  one.Track.Artists,
			Album:    one.Track.Album,
			Duration: one.Track.Duration,
		})
	}
	return found, nil
}

func songsLikeArtist(wanted wantedItem) (songList, error) {
	own, err := songs("getTopSongs", "topSongs", url.Values{"artist": {wanted.Name}, "count": {"1"}})
	if err != nil || len(own) == 0 {
		return songList{Songs: []songRef{}}, err
	}
	return songsLikeItem(own[0].ArtistID, wanted.Count)
}

func songsLikeAlbum(wanted wantedItem) (songList, error) {
	query := url.Values{"artist": {wanted.Artist}, "count": {strconv.Itoa(maxCount)}}
	own, err := songs("getTopSongs", "topSongs", query)
	if err != nil {
		return songList{}, err
	}
	for _, song := range own {
		if strings.EqualFold(song.Album, wanted.Name) {
			return songsLikeItem(song.AlbumID, wanted.Count)
		}
	}
	return songList{Songs: []songRef{}}, nil
}

func songsLikeItem(id string, n int) (songList, error) {
	query := url.Values{"id": {id}, "count": {count(n)}}
	found, err := songs("getSimilarSongs2", "similarSongs2", query)
	return listOf(found), err
}

func topSongs(wanted wantedItem) (songList, error) {
	query := url.Values{"artist": {wanted.Name}, "count": {count(wanted.Count)}}
	found, err := songs("getTopSongs", "topSongs", query)
	return listOf(found), err
}

func artistsLike(wanted wantedItem) (artistList, error) {
	var document []struct {
		Artist string `json:"artist"`
	}
	query := url.Values{"artist": {wanted.Name}, "n": {count(wanted.Limit)}}
	if _, err := fetch("/api/similar_artists", query, &document); err != nil {
		return artistList{}, err
	}
	found := artistList{Artists: []artistRef{}}
	for _, one := range document {
		found.Artists = append(found.Artists, artistRef{one.Artist})
	}
	return found, nil
}

func listOf(found []subsonicSong) songList {
	listed := songList{Songs: []songRef{}}
	for _, song := range found {
		ref := songRef{
			Name:     song.Title,
			MBID:     song.Recording,
			Artist:   song.Artist,
			Album:    song.Album,
			Duration: song.Duration,
		}
		if len(song.ISRC) > 0 {
			ref.ISRC = song.ISRC[0]
		}
		for _, artist := range song.Artists {
			ref.Artists = append(ref.Artists, artistRef{artist.Name})
		}
		listed.Songs = append(listed.Songs, ref)
	}
	return listed
}

func count(n int) string {
	if n <= 0 {
		n = defaultCount
	}
	return strconv.Itoa(min(n, maxCount))
}

// A play, as Navidrome reports it.
type play struct {
	Username  string `json:"username"`
	Timestamp int64  `json:"timestamp"`
	Track     struct {
		Title     string  `json:"title"`
		Artist    string  `json:"artist"`
		Album     string  `json:"album"`
		Duration  float64 `json:"duration"`
		Recording string  `json:"mbzRecordingId"`
	} `json:"track"`
}

// What Navidrome does with a play that could not be sent.
var (
	errNotAuthorized = errors.New("scrobbler(not_authorized)")
	errRetryLater    = errors.New("scrobbler(retry_later)")
	errUnrecoverable = errors.New("scrobbler(unrecoverable)")
)

// keyOf returns the API key of a user, empty if the configuration has none.
func keyOf(username string) string {
	var users []struct {
		Username string `json:"username"`
		Key      string `json:"key"`
	}
	if json.Unmarshal([]byte(setting("users")), &users) != nil {
		return ""
	}
	for _, user := range users {
		if strings.EqualFold(user.Username, username) {
			return user.Key
		}
	}
	return ""
}

func hasKey(asked play) (bool, error) { return keyOf(asked.Username) != "", nil }

func sendNowPlaying(playing play) (any, error) { return nil, submit("playing_now", playing) }

func sendPlay(played play) (any, error) { return nil, submit("single", played) }

// submit sends a play by the ListenBrainz API.
func submit(kind string, played play) error {
	key := keyOf(played.Username)
	if key == "" {
		return errNotAuthorized
	}
	more := map[string]any{
		"media_player":      "Navidrome",
		"submission_client": "segue for Navidrome",
	}
	if played.Track.Duration > 0 {
		more["duration_ms"] = int64(played.Track.Duration * 1000)
	}
	if played.Track.Recording != "" {
		more["recording_mbid"] = played.Track.Recording
	}
	track := map[string]any{
		"artist_name":     played.Track.Artist,
		"track_name":      played.Track.Title,
		"additional_info": more,
	}
	if played.Track.Album != "" {
		track["release_name"] = played.Track.Album
	}
	listen := map[string]any{"track_metadata": track}
	if kind == "single" {
		listen["listened_at"] = played.Timestamp
	}
	body, err := json.Marshal(map[string]any{"listen_type": kind, "payload": []any{listen}})
	if err != nil {
		return errUnrecoverable
	}
	headers := map[string]string{
		"Authorization": "Token " + key,
		"Content-Type":  "application/json",
	}
	answer, err := send("POST", "/1/submit-listens", headers, body)
	switch {
	case err != nil || answer.StatusCode == 429 || answer.StatusCode >= 500:
		return errRetryLater
	case answer.StatusCode == 401:
		return errNotAuthorized
	case answer.StatusCode != 200:
		return errUnrecoverable
	}
	return nil
}
