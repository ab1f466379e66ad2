package cmd

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A served is what a server gives: a text is the JSON of a 200.
type served struct {
	Status               int
	Type, Location, Body string
}

func (a *served) UnmarshalJSON(b []byte) error {
	*a = served{Status: http.StatusOK, Type: "application/json"}
	if json.Unmarshal(b, &a.Body) == nil {
		return nil
	}
	type plain served
	return json.Unmarshal(b, (*plain)(a))
}

// serve starts the server of the case and returns what replaces {url} and {host}.
func (c fieldCase) serve(t *testing.T) *strings.Replacer {
	if c.Serve == nil {
		return strings.NewReplacer()
	}
	var place *strings.Replacer
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, known := c.Serve[r.URL.Path]
		if !known {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", a.Type)
		if a.Location != "" {
			w.Header().Set("Location", a.Location)
		}
		w.WriteHeader(a.Status)
		place.WriteString(w, a.Body)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	scheme := "http://"
	if c.TLS {
		scheme = "https://"
	}
	host := s.Listener.Addr().String()
	place = strings.NewReplacer("{url}", scheme+host, "{host}", host)
	if c.TLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return place
}
