package authserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"time"

	"jwt/internal/verdict"
)

// timeouts limit a connection. drain limits the requests that still run at shutdown.
type timeouts struct{ header, read, write, idle, drain time.Duration }

// WriteTimeout is the time limit of an answer, from the end of the request's header.
const WriteTimeout = 15 * time.Second

var defaultTimeouts = timeouts{
	header: 5 * time.Second,
	read:   10 * time.Second,
	write:  WriteTimeout,
	idle:   60 * time.Second,
	drain:  15 * time.Second,
}

// Serve answers the connections of l until ctx ends, then waits a limited time for
// running requests. It also ends, with that error, if the store is damaged. With a TLS
// configuration it serves HTTPS.
func (s *Server) Serve(ctx context.Context, l net.Listener, t *tls.Config) error {
	server := s.http(t)
	ended := make(chan error, 1)
	go func() {
		if t != nil {
			ended <- server.ServeTLS(l, "", "")
		} else {
			ended <- server.Serve(l)
		}
	}()
	var fatal error
	select {
	case err := <-ended:
		return err
	case fatal = <-s.fatal:
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeouts.drain)
	defer cancel()
	err := server.Shutdown(drain)
	if err != nil {
		server.Close()
		err = verdict.Errorf(verdict.IO, "requests still running after %s were cut off: %w", s.timeouts.drain, err)
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return cmp.Or(fatal, err)
}

// http returns the HTTP server with its timeouts and limits.
func (s *Server) http(t *tls.Config) *http.Server {
	return &http.Server{
		Handler:           s,
		TLSConfig:         t,
		ReadHeaderTimeout: s.timeouts.header,
		ReadTimeout:       s.timeouts.read,
		WriteTimeout:      s.timeouts.write,
		IdleTimeout:       s.timeouts.idle,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(serverLog{s}, "", 0),
	}
}

// A serverLog writes the errors of net/http to the request log.
type serverLog struct{ s *Server }

func (l serverLog) Write(line []byte) (int, error) {
	l.s.log.Note(string(line))
	return len(line), nil
}
