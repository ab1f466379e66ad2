package authclient

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jwt/internal/config"
	"jwt/internal/httpclient"
	"jwt/internal/presets"
	"jwt/internal/verdict"
)

// TestPatience checks the time limits: 5 seconds for a connection, and 30 for an answer,
// whether it does not begin or does not end.
func TestPatience(t *testing.T) {
	drip := func(conn net.Conn) {
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
		for {
			if _, err := conn.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	for _, tt := range []struct {
		name   string
		answer func(net.Conn) // nil: no connection
		after  time.Duration
		says   string
	}{
		{"no connection", nil, 5 * time.Second, "no connection within 5s"},
		{"silence", func(net.Conn) {}, 30 * time.Second, "no complete answer within 30s"},
		{"drip", drip, 30 * time.Second, "no complete answer within 30s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
					if tt.answer == nil {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					here, there := net.Pipe()
					go func() {
						there.Read(make([]byte, 1)) // the request begins
						go tt.answer(there)
						io.Copy(io.Discard, there)
					}()
					return here, nil
				}
				preset, err := presets.Find("token", config.File{})
				if err != nil {
					t.Fatal(err)
				}
				s := &Client{
					URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, Preset: preset, Now: time.Now,
					Transport: httpclient.Transport(&http.Client{Transport: &http.Transport{DialContext: dial}}, 0),
				}
				began := time.Now()
				_, err = s.Login(t.Context(), "alice", []byte("password"))
				if verdict.ClassOf(err) != verdict.FetchFailed || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took != tt.after {
					t.Errorf("given up after %s, want %s", took, tt.after)
				}
				time.Sleep(2 * time.Second) // the server notices that the client is gone
			})
		})
	}
}
