package session

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestJournal checks what a session's requests leave behind.
func TestJournal(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	for _, tt := range []struct {
		record Recording
		want   []string
	}{
		{RecordNothing, nil},
		{RecordRefused, []string{"call 404 /no/such", "refresh 200 /refresh"}},
		{RecordAll, []string{"call 200 /me", "call 404 /no/such", "refresh 200 /refresh"}},
	} {
		if err := w.client().Store.ClearJournal(DefaultName); err != nil {
			t.Fatal(err)
		}
		c := w.client()
		c.Record = tt.record
		for _, path := range []string{"/me?code=hush-hush", "/no/such"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		if _, _, err := c.Refresh(t.Context(), w.stored(), 0); err != nil {
			t.Fatal(err)
		}
		entries, err := c.Store.Journal(DefaultName)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, fmt.Sprint(e.Step, " ", e.Status, " ", e.Path))
		}
		if strings.Join(got, ", ") != strings.Join(tt.want, ", ") {
			t.Errorf("%d: recorded %q, want %q", tt.record, got, tt.want)
		}
	}
	text, err := os.ReadFile(filepath.Join(w.dir, "default.trace"))
	if err != nil {
		t.Fatal(err)
	}
	s := w.stored()
	for _, secret := range []string{s.AccessToken, s.RefreshToken, password, "hush-hush", "code"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the journal has %q", secret)
		}
	}
	if info, err := os.Stat(filepath.Join(w.dir, "default.trace")); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestJournalIsBounded fills a journal from several goroutines.
func TestJournalIsBounded(t *testing.T) {
	st := &Store{Dir: t.TempDir()}
	os.Chmod(st.Dir, 0o700)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 1000 {
				st.record("x", Entry{At: at, MS: int64(worker*1000 + i), Step: StepCall, Method: "GET", Origin: "https://api.example", Path: "/" + strings.Repeat("word/", 10), Status: 200})
			}
		})
	}
	all.Wait()
	size := int64(0)
	for _, name := range []string{"x.trace", "x.trace.old"} {
		info, err := os.Stat(filepath.Join(st.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > 2*maxJournal+4<<10 {
		t.Errorf("the journal has %d bytes", size)
	}
	path := filepath.Join(st.Dir, "x.trace")
	data, _ := os.ReadFile(path)
	os.WriteFile(path, append(data, "{\"at\":\"20"...), 0o600) // a process was killed here
	entries, err := st.Journal("x")
	if err != nil || len(entries) < 500 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if e.Status != 200 || e.Origin != "https://api.example" {
			t.Fatalf("a mixed line: %+v", e)
		}
	}
	if err := st.ClearJournal("x"); err != nil {
		t.Fatal(err)
	}
	if entries, err := st.Journal("x"); err != nil || len(entries) != 0 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	if _, err := st.Journal("../x"); err == nil {
		t.Error("no error for a name that is a path")
	}
}

// TestJournalIsPrivate checks that a journal that others may write is not shown.
func TestJournalIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system has no such modes")
	}
	st := &Store{Dir: t.TempDir()}
	os.Chmod(st.Dir, 0o700)
	path := filepath.Join(st.Dir, "x.trace")
	os.WriteFile(path, []byte("{}\n"), 0o600)
	os.Chmod(path, 0o666)
	if _, err := st.Journal("x"); err == nil {
		t.Error("no error")
	}
}

// FuzzEntry puts a secret wherever a caller or a server may put one.
func FuzzEntry(f *testing.F) {
	for _, secret := range []string{"hunter2", "eyJhbGciOiJub25lIn0.e30.", "Correct-Horse", "a b\nc9", "7777777", "äöü123"} {
		f.Add(secret)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		if len(secret) < 6 || strings.Trim(secret, "abcdefghijklmnopqrstuvwxyz-_/.*:{}[]\",0123456789") == "" && !strings.ContainsAny(secret, "0123456789") {
			return // a word
		}
		if strings.Trim(secret, "0123456789.:-TZ") == "" || strings.Contains(secret, "/") {
			return // it could be in a time
		}
		req, err := http.NewRequest(http.MethodGet, "https://api.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Method = secret
		req.URL.Path, req.URL.RawQuery, req.URL.Fragment = "/items/"+secret, secret+"="+secret, secret
		req.Header = http.Header{"Authorization": {secret + " " + secret}, "Cookie": {secret + "=" + secret}, secret: {secret}}
		resp := &http.Response{StatusCode: 401, Header: http.Header{
			"Content-Type": {secret + "/" + secret}, "Www-Authenticate": {`Bearer error="` + secret + `"`}, "Set-Cookie": {secret + "=" + secret}, "Location": {secret},
		}}
		for _, answer := range []*http.Response{resp, nil} {
			text, err := json.Marshal(entryOf(req, answer))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	})
}
