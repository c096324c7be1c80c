// Requests to the segue server, by Navidrome's host function `http_send`: unlike Extism's own, it
// returns a failure instead of ending the plugin, so that plays can be sent again later.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const timeoutMs = 20_000

//go:wasmimport extism:host/user http_send
func httpSend(request uint64) uint64

type httpRequest struct {
	Method    string            `json:"method"`
	URL       string            `json:"url"`
	Headers   map[string]string `json:"headers"`
	Body      []byte            `json:"body,omitempty"`
	TimeoutMs int32             `json:"timeoutMs"`
}

type httpResponse struct {
	StatusCode int32  `json:"statusCode"`
	Body       []byte `json:"body"`
}

var errNoAddress = errors.New("segue: the configuration has no address of segue: set url")

// send returns the answer of segue; an error if there is none.
func send(method, path string, headers map[string]string, body []byte) (*httpResponse, error) {
	base := strings.TrimRight(setting("url"), "/")
	if base == "" {
		return nil, errNoAddress
	}
	sent := map[string]httpRequest{"request": {method, base + path, headers, body, timeoutMs}}
	data, err := json.Marshal(sent)
	if err != nil {
		return nil, err
	}
	var received struct {
		Result *httpResponse `json:"result"`
		Error  string        `json:"error"`
	}
	if err := json.Unmarshal(readBlock(httpSend(writeBlock(data))), &received); err != nil {
		return nil, err
	}
	if received.Error != "" || received.Result == nil {
		return nil, fmt.Errorf("segue: no answer from %s: %s", base, received.Error)
	}
	return received.Result, nil
}

// fetch reads a JSON document of segue; false if segue does not have it.
func fetch(path string, query url.Values, document any) (bool, error) {
	headers := map[string]string{}
	if key := setting("key"); key != "" {
		headers["Authorization"] = "Bearer " + key
	}
	answer, err := send("GET", path+"?"+query.Encode(), headers, nil)
	switch {
	case err != nil:
		return false, err
	case answer.StatusCode == 404:
		return false, nil
	case answer.StatusCode != 200:
		return false, fmt.Errorf("segue: %s: status %d", path, answer.StatusCode)
	}
	return true, json.Unmarshal(answer.Body, document)
}

type subsonicSong struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Album     string   `json:"album"`
	AlbumID   string   `json:"albumId"`
	Artist    string   `json:"artist"`
	ArtistID  string   `json:"artistId"`
	Duration  float64  `json:"duration"`
	Recording string   `json:"musicBrainzId"`
	ISRC      []string `json:"isrc"`
	Artists   []struct {
		Name string `json:"name"`
	} `json:"artists"`
}

// songs returns the songs that a method of the OpenSubsonic API lists under its name.
func songs(method, list string, query url.Values) ([]subsonicSong, error) {
	query.Set("v", "1.16.1")
	query.Set("c", "navidrome")
	query.Set("f", "json")
	if key := setting("key"); key != "" {
		query.Set("apiKey", key)
	} else { // a library without accounts takes any name
		query.Set("u", "navidrome")
		query.Set("p", "navidrome")
	}
	var document struct {
		Response map[string]json.RawMessage `json:"subsonic-response"`
	}
	if found, err := fetch("/rest/"+method, query, &document); err != nil || !found {
		return nil, err
	}
	var failed struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if data, present := document.Response["error"]; present {
		if err := json.Unmarshal(data, &failed); err != nil {
			return nil, err
		}
		if failed.Code == 70 { // not found
			return nil, nil
		}
		return nil, fmt.Errorf("segue: %s: %s", method, failed.Message)
	}
	var listed struct {
		Songs []subsonicSong `json:"song"`
	}
	err := json.Unmarshal(document.Response[list], &listed)
	return listed.Songs, err
}
