package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"jwt/internal/authclient"
	"jwt/internal/oauth"
	"jwt/internal/privatefile"
	"jwt/internal/verdict"
)

// An Entry is a request of a session and its answer, without their values. Its texts come
// from the session's settings, like the path of a refresh, and from fixed lists, so that no secret
// of a server or a caller can get into it.
type Entry struct {
	At     time.Time `json:"at"`
	MS     int64     `json:"ms"`
	Step   string    `json:"step"` // that of the preset, or "call"
	Method string    `json:"method"`
	Origin string    `json:"origin"`
	Path   string    `json:"path"`
	Query  bool      `json:"query,omitempty"`  // the URL has one
	Sends  []string  `json:"sends,omitempty"`  // kinds of credentials: bearer, dpop, basic, cookies
	Fields []string  `json:"fields,omitempty"` // names of the fields of an exchange
	Status int       `json:"status,omitempty"` // 0 without an answer
	Type   string    `json:"type,omitempty"`   // the media type of the answer
	Error  string    `json:"error,omitempty"`  // of a challenge (RFC 6750 §3.1)
	Sets   int       `json:"sets,omitempty"`   // number of cookies that the answer sets
}

// A Recording says which requests a Client records.
type Recording int

// Values of Recording.
const (
	RecordNothing Recording = iota
	// RecordRefused records exchanges with the server, and calls that it refused: a program
	// behind a proxy may make thousands of calls.
	RecordRefused
	RecordAll
)

// StepCall is the step of a request that is the caller's.
const StepCall = "call"

// maxJournal limits each of the two files of a journal, in bytes.
const maxJournal = 128 << 10

func journalFiles(session string) (current, older string) {
	return session + ".trace", session + ".trace.old"
}

// A recorder records the requests of a session in its journal. A record that cannot be written
// is left out: it must not fail a refresh.
type recorder struct {
	base   http.RoundTripper
	client *Client
}

func (r recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	start := r.client.Now()
	resp, err := r.base.RoundTrip(req)
	if r.client.Record == RecordRefused && !authclient.IsExchange(req) && resp != nil && resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	e := entryOf(req, resp)
	e.At, e.MS = start.UTC().Truncate(time.Millisecond), r.client.Now().Sub(start).Milliseconds()
	r.client.Store.record(r.client.Name, e)
	return resp, err
}

// entryOf describes a request and its answer, which is nil if the request failed.
func entryOf(req *http.Request, resp *http.Response) Entry {
	e := Entry{
		Step: StepCall, Method: word(req.Method, methods...), Origin: oauth.WebOrigin(req.URL), Path: words(req.URL.Path),
		Query: req.URL.RawQuery != "",
	}
	if authclient.IsExchange(req) {
		e.Step, e.Path, e.Fields = authclient.StepOf(req), req.URL.Path, authclient.FieldsOf(req)
	}
	if scheme, _, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
		e.Sends = append(e.Sends, word(strings.ToLower(scheme), "bearer", "dpop", "basic"))
	}
	if req.Header.Get("Cookie") != "" {
		e.Sends = append(e.Sends, "cookies")
	}
	if resp == nil {
		return e
	}
	e.Status, e.Sets = resp.StatusCode, len(resp.Header["Set-Cookie"])
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "" {
		e.Type = word(kind, "application/json", "application/problem+json", "text/html", "text/plain", "application/octet-stream", "text/event-stream")
	}
	if code := authclient.ChallengeOf(resp.Header)["error"]; code != "" {
		e.Error = word(code, "invalid_token", "invalid_request", "insufficient_scope", "insufficient_user_authentication", "use_dpop_nonce", "invalid_dpop_proof")
	}
	return e
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// word returns a text if it is in the list, else "other".
func word(text string, known ...string) string {
	if slices.Contains(known, text) {
		return text
	}
	return "other"
}

// words returns a path with every segment hidden that is not a short word or a version: it may
// be a code or a name.
func words(path string) string {
	const longest, most = 16, 8
	segments := strings.Split(path, "/")
	for i, s := range segments {
		version := len(s) > 1 && len(s) <= 3 && s[0] == 'v' && strings.Trim(s[1:], "0123456789") == ""
		if !version && (len(s) > longest || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz-_") != "") {
			segments[i] = "***"
		}
	}
	if len(segments) > most {
		segments = append(segments[:most], "***")
	}
	return strings.Join(segments, "/")
}

// record appends an entry to the journal of a session. Lines of several processes do not mix,
// because each is one short write.
func (st *Store) record(name string, e Entry) {
	line, err := json.Marshal(e)
	if err != nil || CheckName(name) != nil {
		return
	}
	root, err := st.make() // the first requests of a login precede its file
	if err != nil {
		return
	}
	defer root.Close()
	current, older := journalFiles(name)
	f, err := root.OpenFile(current, os.O_WRONLY|os.O_APPEND|os.O_CREATE|syscall.O_NONBLOCK, 0o600) // a pipe would wait for its reader
	if err != nil {
		return
	}
	defer f.Close()
	n, err := f.Write(append(line, '\n'))
	if err != nil {
		return
	}
	// Only the write that passes the limit moves the file: a second move would lose the first.
	// Far above the limit, that writer has died.
	end, err := f.Seek(0, io.SeekCurrent)
	if err == nil && (end > maxJournal && end-int64(n) <= maxJournal || end > maxJournal*3/2) {
		root.Rename(current, older)
	}
}

// Journal returns the recorded requests of a session, the oldest first. A line that a process
// could not finish is left out.
func (st *Store) Journal(name string) ([]Entry, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	current, older := journalFiles(name)
	var entries []Entry
	for _, file := range []string{older, current} {
		data, err := root.Read(file, 2*maxJournal)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, verdict.Errorf(verdict.IO, "%s/%s: %w", st.Dir, file, privatefile.Cause(err))
		}
		for line := range bytes.Lines(data) {
			var e Entry
			if json.Unmarshal(line, &e) == nil && !e.At.IsZero() {
				entries = append(entries, e)
			}
		}
	}
	return entries, nil
}

// ClearJournal removes the recorded requests of a session.
func (st *Store) ClearJournal(name string) error {
	root, err := st.open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	current, older := journalFiles(name)
	for _, file := range []string{current, older} {
		if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return verdict.Errorf(verdict.IO, "%s/%s: %w", st.Dir, file, privatefile.Cause(err))
		}
	}
	return nil
}
