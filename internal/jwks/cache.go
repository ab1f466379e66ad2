package jwks

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"jwt/internal/jwk"
	"jwt/internal/privatefile"
)

// An answer is the last accepted answer from a URL. The cache stores it as a JSON file
// named by the hash of the URL.
type answer struct {
	URL          string    `json:"url"`
	Checked      time.Time `json:"checked"` // when the server last sent or confirmed it
	Expires      time.Time `json:"expires"`
	Refreshed    time.Time `json:"refreshed,omitzero"` // when an unknown kid last caused a request
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"last_modified,omitempty"`
	Body         []byte    `json:"body"` // base64: a certificate may come as DER

	secret  bool // the body contains a private key or a secret
	noStore bool // the server forbids storing it
}

// fresh reports whether the answer may be used without a request. An answer from the
// future is not fresh: the clock was set back.
func (a *answer) fresh(now time.Time) bool {
	return !a.Checked.After(now) && now.Before(a.Expires) && now.Sub(a.Checked) < maxLifetime
}

const (
	maxEntries   = 128                    // files in the cache
	maxEntrySize = 2*jwk.MaxBytes + 1<<16 // base64 of a body, and the other members
	nameLength   = 2 * sha256.Size
)

// A disk is the cache directory, which several processes may use at once. An attacker who
// could write to it would decide which signatures verify.
type disk struct{ privatefile.Dir }

func diskAt(path string) disk {
	return disk{privatefile.Dir{Path: path, Forbid: privatefile.NoWrite}}
}

// read returns the stored answer for the URL, or nil. It ignores a file that is corrupt,
// too large, for another URL or of another owner, and an unusable directory.
func (d disk) read(url string) *answer {
	if d.Path == "" {
		return nil
	}
	root, err := d.Open()
	if err != nil {
		return nil
	}
	defer root.Close()
	data, err := root.Read(fileName(url), maxEntrySize)
	if err != nil {
		return nil
	}
	var a answer
	if json.Unmarshal(data, &a) != nil || a.URL != url || len(a.Body) > jwk.MaxBytes {
		return nil
	}
	return &a
}

// write stores the answer.
func (d disk) write(a *answer) error {
	data, err := json.Marshal(a)
	if err != nil || len(data) > maxEntrySize {
		return err
	}
	root, err := d.Make()
	if err != nil {
		return err
	}
	defer root.Close()
	file, err := root.Create(fileName(a.URL), 0)
	if err != nil {
		return err
	}
	if err := file.Commit(data); err != nil {
		return err
	}
	return prune(root)
}

// remove removes the stored answer for the URL.
func (d disk) remove(url string) error {
	root, err := d.Open()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Remove(fileName(url)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// prune removes the oldest files beyond maxEntries, including temporary files of killed
// processes. It does not touch files of other programs.
func prune(root *privatefile.Root) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil || len(entries) <= maxEntries {
		return err
	}
	var ours []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isOurs(e.Name()) {
			ours = append(ours, info)
		}
	}
	slices.SortFunc(ours, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, info := range ours[:max(0, len(ours)-maxEntries)] {
		if err := root.Remove(info.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// isOurs reports whether the name is that of a cache file or of a temporary one.
func isOurs(name string) bool {
	name = strings.TrimPrefix(name, ".")
	if len(name) < nameLength || strings.Trim(name[:nameLength], "0123456789abcdef") != "" {
		return false
	}
	rest := name[nameLength:]
	return rest == ".json" || strings.HasPrefix(rest, ".") && strings.HasSuffix(rest, ".tmp")
}

func fileName(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:]) + ".json"
}

// keep stores the answer on disk, or removes an older one if this one must not be stored.
// It returns warnings instead of an error: without a cache the program is only slower.
func (c *Client) keep(a *answer) []string {
	if c.CacheDir == "" {
		return nil
	}
	d := diskAt(c.CacheDir)
	var err error
	if a.noStore || a.secret {
		err = d.remove(a.URL)
	} else {
		err = d.write(a)
	}
	if err != nil {
		return []string{fmt.Sprintf("the cache is not used: %s: %v", c.CacheDir, privatefile.Cause(err))}
	}
	return nil
}
