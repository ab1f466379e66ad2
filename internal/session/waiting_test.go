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

// A silent server takes every request and answers none.
type silent struct{ asked atomic.Int32 }

func (s *silent) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked.Add(1)
	httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// An old session is one of five minutes whose access token has that much left.
func oldSession(t *testing.T, left time.Duration) (*Store, *Session) {
	t.Helper()
	st := &Store{Dir: filepath.Join(t.TempDir(), "sessions")}
	s := &Session{
		Name: DefaultName, ID: "1", Server: "http://127.0.0.1:1", Preset: "cookie", User: user, Store: File,
		Obtained: time.Now().Add(left - 5*time.Minute), AccessExpires: time.Now().Add(left),
		AccessToken: "a", RefreshToken: "r", hasRefresh: true,
	}
	if err := st.save(s); err != nil {
		t.Fatal(err)
	}
	return st, s
}

// Who waits for a server or another process in vain waits for a bounded time; and where
// the access token lives as long, not until it has expired.
func TestHowLongIsWaited(t *testing.T) {
	for _, tt := range []struct {
		name   string
		left   time.Duration // of the access token's life
		held   bool          // by a process that does not let go; else the server is silent
		waits  time.Duration
		class  verdict.Class // "": the token that there is serves
		minTTL time.Duration
		says   string
	}{
		{"server, expired", -time.Second, false, 30 * time.Second, verdict.FetchFailed, 0, "no whole answer within 30s"},
		{"server, ends meanwhile", 10 * time.Second, false, 30 * time.Second, verdict.FetchFailed, 0, "no whole answer within 30s"},
		{"server, ends soon after", 28 * time.Second, false, 23 * time.Second, "", 0, "not refreshed: http://127.0.0.1:1/refresh: no whole answer"},
		{"server, lives too short", 40 * time.Second, false, 30 * time.Second, verdict.FetchFailed, time.Minute, ": without --min-ttl it is printed"},
		{"process, expired", -time.Second, true, 35 * time.Second, verdict.SessionBusy, 0, "another process holds it"},
		{"process, ends meanwhile", 8 * time.Second, true, 35 * time.Second, verdict.SessionBusy, 0, "another process holds it"},
		{"process, ends soon after", 20 * time.Second, true, 15 * time.Second, "", 0, "not refreshed: session default: another process holds it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st, s := oldSession(t, tt.left)
				server := &silent{}
				var notices []string
				client := func() *Client {
					return &Client{
						Store: &Store{Dir: st.Dir}, Name: DefaultName, Presets: shippedPreset, Now: time.Now,
						HTTP: &http.Client{Transport: server}, Notice: func(said string) { notices = append(notices, said) },
					}
				}
				if tt.held {
					unlock, err := st.lock(t.Context(), DefaultName)
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

// Processes that wait for one which asks a silent server do not ask it too, one after
// the other: they are told what it was told.
func TestWaitersAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, s := oldSession(t, -time.Second)
		server := &silent{}
		began := time.Now()
		errs := make([]error, 5)
		var processes sync.WaitGroup
		for i := range errs {
			processes.Go(func() {
				c := &Client{
					Store: &Store{Dir: st.Dir}, Name: DefaultName, Presets: shippedPreset, Now: time.Now,
					HTTP: &http.Client{Transport: server}, Notice: func(string) {},
				}
				_, _, errs[i] = c.Refresh(t.Context(), s)
			})
		}
		processes.Wait()
		told := 0
		for _, err := range errs {
			if verdict.ClassOf(err) != verdict.FetchFailed || !strings.Contains(err.Error(), "no whole answer within 30s") {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), "another process has just tried to refresh: ") {
				told++
			}
		}
		if n := server.asked.Load(); n != 1 || told != 4 {
			t.Errorf("the server was asked %d times, %d were told", n, told)
		}
		if waited := time.Since(began); waited > 31*time.Second {
			t.Errorf("that took %s", waited)
		}
		// It is no state to stay in: the next one asks.
		c := &Client{Store: st, Name: DefaultName, Presets: shippedPreset, Now: time.Now, HTTP: &http.Client{Transport: server}, Notice: func(string) {}}
		if _, _, err := c.Refresh(t.Context(), s); verdict.ClassOf(err) != verdict.FetchFailed || server.asked.Load() != 2 {
			t.Errorf("%v after %d requests", err, server.asked.Load())
		}
	})
}

// Who interrupts what has begun and is finished is told why nothing seems to happen.
func TestInterruptionIsAnswered(t *testing.T) {
	for says, begin := range map[string]func(context.Context, *Client, *Session) error{
		"the refresh that has begun is finished and saved first": func(ctx context.Context, c *Client, s *Session) error {
			_, _, err := c.Refresh(ctx, s)
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
				Store: st, Name: DefaultName, Presets: shippedPreset, Now: time.Now, HTTP: &http.Client{Transport: &silent{}},
				Notice: func(said string) { notices <- said },
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- begin(ctx, c, s) }()
			synctest.Wait() // the request has left
			cancel()
			synctest.Wait()
			select {
			case said := <-notices:
				if said != says {
					t.Errorf("%q, want %q", said, says)
				}
			default:
				t.Errorf("nothing is said, want %q", says)
			}
			if err := <-ended; verdict.ClassOf(err) != verdict.FetchFailed {
				t.Error(err)
			}
		})
	}
}
