package session

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jwt/internal/verdict"
)

// A slow server answers every request after some time, or never.
type slow struct {
	asked  atomic.Int32
	after  time.Duration // 0: never
	status int
	header http.Header
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	if s.after == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	time.Sleep(s.after)
	return &http.Response{StatusCode: s.status, Header: s.header, Body: http.NoBody, Request: r}, nil
}

// oldSession returns a session of five minutes whose access token expires after left.
func oldSession(t *testing.T, left time.Duration) (*Store, *Session) {
	t.Helper()
	st := &Store{Dir: filepath.Join(t.TempDir(), "sessions")}
	s := &Session{
		Name: DefaultName, ID: "1", Server: "http://127.0.0.1:1", Preset: "cookie", User: user, Store: StoreFile,
		Obtained: time.Now().Add(left - 5*time.Minute), AccessExpires: time.Now().Add(left),
		AccessToken: "a", RefreshToken: "r", hasRefresh: true,
	}
	if err := st.save(s); err != nil {
		t.Fatal(err)
	}
	return st, s
}

// TestWaitLimits checks that waiting for a server or another process is limited, and
// ends before a valid access token expires.
func TestWaitLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		left   time.Duration // until the access token expires
		held   bool          // by a process that does not release it; otherwise the server does not answer
		waits  time.Duration
		class  verdict.Class // "" if the current token is used
		minTTL time.Duration
		says   string
	}{
		{"server, expired", -time.Second, false, 30 * time.Second, verdict.FetchFailed, 0, "no complete answer within 30s"},
		{"server, ends meanwhile", 10 * time.Second, false, 30 * time.Second, verdict.FetchFailed, 0, "no complete answer within 30s"},
		{"server, ends soon after", 28 * time.Second, false, 23 * time.Second, "", 0, "not refreshed: http://127.0.0.1:1/refresh: no complete answer within 23s"},
		{"server, lives too short", 40 * time.Second, false, 30 * time.Second, verdict.FetchFailed, time.Minute, ": without --min-ttl it is used"},
		{"process, expired", -time.Second, true, 35 * time.Second, verdict.SessionBusy, 0, "another process has locked it"},
		{"process, ends meanwhile", 8 * time.Second, true, 35 * time.Second, verdict.SessionBusy, 0, "another process has locked it"},
		{"process, ends soon after", 20 * time.Second, true, 15 * time.Second, "", 0, "not refreshed: session default: another process has locked it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st, s := oldSession(t, tt.left)
				server := &slow{}
				var notices []string
				client := func() *Client {
					return &Client{
						Store: &Store{Dir: st.Dir}, Name: DefaultName, Presets: shippedPreset, Now: time.Now,
						HTTP: &http.Client{Transport: server}, Notice: func(said string) { notices = append(notices, said) },
					}
				}
				if tt.held {
					unlock, err := st.lock(t.Context(), DefaultName, lockTimeout)
					if err != nil {
						t.Fatal(err)
					}
					defer unlock()
				}
				began := time.Now()
				got, err := client().Token(t.Context(), tt.minTTL)
				if waited := time.Since(began).Round(time.Second); waited != tt.waits {
					t.Errorf("waited for %s, want %s", waited, tt.waits)
				}
				if tt.class == "" {
					if err != nil || got.AccessToken != s.AccessToken || len(notices) != 1 || !strings.Contains(notices[0], tt.says) {
						t.Errorf("%v, %q", err, notices)
					}
					return
				}
				if verdict.ClassOf(err) != tt.class || !strings.Contains(err.Error()+"\n"+hintOf(err), tt.says) {
					t.Errorf("%v\n%s", err, hintOf(err))
				}
				if tt.held != (server.asked.Load() == 0) {
					t.Errorf("%d requests", server.asked.Load())
				}
			})
		})
	}
}

func hintOf(err error) string { return err.(*verdict.Error).Hint }

// TestWaitersGetTheSameError checks that processes that wait for a failing refresh do not
// repeat it one after the other, but get the same error.
func TestWaitersGetTheSameError(t *testing.T) {
	for _, tt := range []struct {
		server *slow
		class  verdict.Class
		says   string
	}{
		{&slow{}, verdict.FetchFailed, "no complete answer within 30s"},
		{&slow{after: time.Second, status: 429, header: http.Header{"Retry-After": {"120"}}}, verdict.FetchFailed, "429 Too Many Requests"},
		{&slow{after: time.Second, status: 503}, verdict.ServerError, "503 Service Unavailable"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st, s := oldSession(t, -time.Second)
				refresh := func() error {
					c := &Client{
						Store: &Store{Dir: st.Dir}, Name: DefaultName, Presets: shippedPreset, Now: time.Now,
						HTTP: &http.Client{Transport: tt.server}, Notice: func(string) {},
					}
					_, _, err := c.Refresh(t.Context(), s, 0)
					return err
				}
				errs := make([]error, 5)
				var processes sync.WaitGroup
				for i := range errs {
					processes.Go(func() { errs[i] = refresh() })
				}
				processes.Wait()
				told := 0
				for _, err := range errs {
					if verdict.ClassOf(err) != tt.class || !strings.Contains(err.Error(), tt.says) {
						t.Errorf("%v", err)
					}
					if strings.Contains(err.Error(), "another process has just tried to refresh: ") || strings.Contains(err.Error(), "the server wants no request before 2000-01-01T00:02:01Z: ") {
						told++
					}
					if hint := "try again in 2m0s"; tt.server.header != nil && (hintOf(err) != hint || retryAfter(err) != 2*time.Minute) {
						t.Errorf("the hint is %q, after %s", hintOf(err), retryAfter(err))
					}
				}
				if n := tt.server.asked.Load(); n != 1 || told != 4 {
					t.Errorf("the server was asked %d times, %d got its error", n, told)
				}
				// A Retry-After binds the next process too, until its time.
				if tt.server.header != nil {
					if err := refresh(); verdict.ClassOf(err) != tt.class || tt.server.asked.Load() != 1 {
						t.Errorf("%v after %d requests", err, tt.server.asked.Load())
					}
					time.Sleep(2 * time.Minute)
				}
				// The failure is not permanent: the next process asks the server.
				if err := refresh(); verdict.ClassOf(err) != tt.class || tt.server.asked.Load() != 2 {
					t.Errorf("%v after %d requests", err, tt.server.asked.Load())
				}
			})
		})
	}
}

// TestFailureFromTheFuture checks that a failure recorded with a clock that was ahead
// does not block for as long.
func TestFailureFromTheFuture(t *testing.T) {
	w := newWorld(t, nil)
	w.login("cookie", StoreFile)
	seen := w.edit(func(s *Session) {
		s.AccessExpires, s.Failed = time.Now().Add(-time.Second), &Failure{At: time.Now().Add(time.Hour), Class: verdict.FetchFailed, Reason: "x"}
	})
	if _, _, err := w.client().Refresh(t.Context(), seen, 0); err != nil || w.stored().Failed != nil {
		t.Errorf("%v, %+v", err, w.stored().Failed)
	}
}

// TestInterruptionIsAnswered checks that an interruption of a step that must be completed
// gets an explanation.
func TestInterruptionIsAnswered(t *testing.T) {
	for says, begin := range map[string]func(context.Context, *Client, *Session) error{
		"the refresh that has begun is finished and saved first": func(ctx context.Context, c *Client, s *Session) error {
			_, _, err := c.Refresh(ctx, s, 0)
			return err
		},
		"the logout that has begun is finished first": func(ctx context.Context, c *Client, _ *Session) error {
			f, _ := c.Logout(ctx)
			return f.Err
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			st, s := oldSession(t, -time.Second)
			notices := make(chan string, 1)
			c := &Client{
				Store: st, Name: DefaultName, Presets: shippedPreset, Now: time.Now, HTTP: &http.Client{Transport: &slow{}},
				Notice: func(said string) { notices <- said },
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- begin(ctx, c, s) }()
			synctest.Wait() // the request was sent
			cancel()
			synctest.Wait()
			select {
			case said := <-notices:
				if said != says {
					t.Errorf("%q, want %q", said, says)
				}
			default:
				t.Errorf("no notice, want %q", says)
			}
			if err := <-ended; verdict.ClassOf(err) != verdict.FetchFailed {
				t.Error(err)
			}
		})
	}
}

// TestReasonOfTheEnd checks that an ended session reports the cause of its end, and not a
// later failure.
func TestReasonOfTheEnd(t *testing.T) {
	answer := func(code int) func(http.ResponseWriter, *http.Request, http.HandlerFunc) {
		return func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
			status(code, `{"error":"invalid_grant"}`)(rw, r)
		}
	}
	for _, tt := range []struct {
		killed bool // a process, during a refresh
		first  int  // the first answer, before the one that the session has ended
		says   string
	}{
		{true, 429, "was cut off before its answer was saved, and the server now refuses the spent refresh token"},
		{false, 429, ": it was revoked, or another client has used it"},
		{false, 503, "was lost (http"},
	} {
		w := newWorld(t, nil)
		w.login("cookie", StoreFile)
		if tt.killed {
			w.edit(func(s *Session) { s.Pending = &Pending{At: time.Now().Add(-time.Minute)} })
		}
		for _, code := range []int{tt.first, 401} {
			w.wrap(answer(code))
			_, _, err := w.client().Refresh(t.Context(), w.stored(), 0)
			if err == nil || code == 401 && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%d, then %d: %v", tt.first, code, err)
			}
		}
	}
}
