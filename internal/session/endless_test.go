package session

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"jwt/internal/verdict"
)

// short is the time limit of an answer in tests that wait for it. Requests must succeed
// within it on a slow machine.
const short = time.Second

// endless lists handlers whose answers never end.
var endless = map[string]http.HandlerFunc{
	"dripping": func(rw http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			rw.Write([]byte(" "))
			rw.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	},
	"silent": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"flowing": func(rw http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := rw.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	},
}

// TestAnswersThatNeverEnd checks requests other than a refresh to such a server. Each
// ends with a clear error within the time limit, and the session is unchanged.
func TestAnswersThatNeverEnd(t *testing.T) {
	for name, answer := range endless {
		for what, ask := range map[string]func(w *world, c *Client, s *Session) error{
			"login": func(w *world, c *Client, _ *Session) error {
				_, err := c.Login(t.Context(), Login{Server: mustServer(w.t, w.url), Preset: "cookie", User: user, Password: []byte(password), Store: StoreFile})
				return err
			},
			"retry": func(w *world, c *Client, s *Session) error {
				w.age(time.Hour, -time.Minute) // otherwise the request would follow a refresh
				_, _, err := w.do(c, "GET", w.url+"/me", "")
				return err
			},
			"logout": func(_ *world, c *Client, _ *Session) error {
				f, err := c.Logout(t.Context())
				if err != nil {
					return err
				}
				return f.Err
			},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, nil)
				s := w.login("cookie", StoreFile)
				w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { answer(rw, r) })
				c := w.client()
				class, says := verdict.FetchRefused, "larger than 1048576 bytes"
				if name != "flowing" {
					c.Timeout = short
					class, says = verdict.FetchFailed, "no complete answer within "+short.String()
				}
				mustFail(t, ask(w, c, s), class, says, s.RefreshToken, s.AccessToken)
				w.wrap(nil)
				if what == "logout" {
					_, err := c.Store.Peek(DefaultName)
					mustFail(t, err, verdict.NotLoggedIn, "not logged in")
					return
				}
				if _, _, err := w.client().Refresh(t.Context(), w.stored(), 0); err != nil {
					t.Errorf("the session was lost: %v", err)
				}
			})
		}
	}
}

// TestAnswerOfARequestThatDrips checks that the time limit includes the reading of the
// body by the caller.
func TestAnswerOfARequestThatDrips(t *testing.T) {
	for _, name := range []string{"dripping", "silent"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.login("cookie", StoreFile)
			w.wrap(func(rw http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { endless[name](rw, r) })
			c := w.client()
			c.Timeout = short
			req, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(req)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
			w.mustAsk("/me", 1)
			w.mustAsk("/refresh", 0)
		})
	}
}
