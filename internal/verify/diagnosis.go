package verify

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"jwt/internal/diagnose"
)

// Diagnosis limits the work of finding causes in a batch. Tokens with the same header and no
// proven cause among many are most likely forged or of another key, and each costs up to a second.
type Diagnosis struct {
	Off     bool         // find no causes
	Skipped atomic.Int64 // tokens for which nothing was tried

	mutex sync.Mutex
	known map[[sha256.Size]byte]outcomes // by the hash of the header as sent
}

// outcomes is what the diagnoses of tokens with one header came to.
type outcomes struct {
	last diagnose.Outcome
	vain int // diagnoses in a row that proved nothing
}

// mostVain is the number of diagnoses that prove nothing after which nothing is tried for a header.
const mostVain = 16

// mostHeaders bounds the memory for headers.
const mostHeaders = 1024

// after returns the outcome of the last diagnosis of a token with that header.
func (d *Diagnosis) after(header string) diagnose.Outcome {
	if d == nil {
		return diagnose.Outcome{}
	}
	sum := sha256.Sum256([]byte(header))
	d.mutex.Lock()
	defer d.mutex.Unlock()
	known, has := d.known[sum]
	if known.vain >= mostVain || !has && len(d.known) >= mostHeaders {
		d.Skipped.Add(1)
		return diagnose.Outcome{Vain: true}
	}
	return known.last
}

// record records the outcome of a diagnosis in which trials were made.
func (d *Diagnosis) record(header string, outcome diagnose.Outcome) {
	if d == nil {
		return
	}
	sum := sha256.Sum256([]byte(header))
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.known == nil {
		d.known = map[[sha256.Size]byte]outcomes{}
	}
	known := d.known[sum]
	if known.vain++; outcome.Proved > 0 {
		known = outcomes{last: outcome}
	}
	d.known[sum] = known
}
