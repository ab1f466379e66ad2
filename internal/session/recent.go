package session

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// looksEvery is how long a Proxy trusts what it knows of the session's file, unless this process
// has changed it. Looking at the file is the slowest part of a request that needs no refresh. A
// server that already refuses the old token causes another look.
const looksEvery = 5 * time.Millisecond

// A recent keeps the credentials of the last request of a Proxy while the file of the session
// is the same, so that not every request reads and unseals it.
type recent struct {
	mutex   sync.Mutex
	looked  time.Time
	commits uint64      // of the store, when looked
	info    fs.FileInfo // of the file before it was read
	held    *credentials
}

// get returns the credentials if their token can be used, else nil.
func (r *recent) get(c *Client) *credentials {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	now, commits := c.Now(), c.Store.commits.Load()
	if since := now.Sub(r.looked); r.held == nil || commits != r.commits || since < 0 || since >= looksEvery {
		r.look(c)
		r.looked, r.commits = now, commits
	}
	if r.held == nil || r.held.session.Ended != nil || r.held.session.stale(now) {
		return nil
	}
	return r.held
}

// look reads the session if its file is another one.
func (r *recent) look(c *Client) {
	info, err := os.Stat(c.Store.Path(c.Name))
	if err == nil && r.held != nil && os.SameFile(info, r.info) && info.ModTime().Equal(r.info.ModTime()) && info.Size() == r.info.Size() {
		return
	}
	r.info, r.held = info, nil
	if err != nil {
		return
	}
	if s, err := c.Store.Load(c.Name); err == nil {
		r.held, _ = c.credentials(s) // without them, Client.Token reports why
	}
}
