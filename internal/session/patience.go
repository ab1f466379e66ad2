package session

import (
	"encoding/json"

	"jwt/internal/verdict"
)

// A refusedLogin is a login that the server refused because there were too many. The next
// process reads it, and does not prolong the wait with a request.
type refusedLogin struct {
	Server string  `json:"server"`
	User   string  `json:"user"`
	Failed Failure `json:"failed"`
}

func waitFile(session string) string { return session + ".wait" }

// mayLogIn returns an error while the server wants no login of this user. A record that
// cannot be read does not prevent a login.
func (c *Client) mayLogIn(l Login) error {
	root, err := c.Store.open()
	if err != nil {
		return nil
	}
	defer root.Close()
	const most = 64 << 10
	data, err := root.Read(waitFile(c.Name), most)
	if err != nil {
		return nil
	}
	var r refusedLogin
	if json.Unmarshal(data, &r) != nil || r.Server != l.Server.String() || r.User != l.User || !r.Failed.binds(c.Now()) {
		return nil
	}
	return r.Failed.error(c.Now())
}

// rememberLogin records a login that the server wants to be tried later, or removes the
// record after any other result.
func (c *Client) rememberLogin(l Login, failed error) {
	root, err := c.Store.make()
	if err != nil {
		return
	}
	defer root.Close()
	if retryAfter(failed) <= 0 || verdict.ClassOf(failed) != verdict.FetchFailed {
		root.Remove(waitFile(c.Name)) // which rarely exists
		return
	}
	data, err := json.Marshal(refusedLogin{l.Server.String(), l.User, *failureOf(failed, c.Now(), false)})
	if err != nil {
		return
	}
	if f, err := root.Create(waitFile(c.Name), 0); err == nil {
		f.Commit(append(data, '\n')) // without the record, the server says it again
	}
}
