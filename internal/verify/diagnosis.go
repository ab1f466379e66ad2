package verify

import (
	"sync"
	"sync/atomic"
)

// Diagnosis limits the work of finding causes in a batch. Tokens with the same header and no
// cause among many are most likely forged or of another key, and each costs up to a second.
type Diagnosis struct {
	Off     bool         // find no causes
	Skipped atomic.Int64 // tokens that were not diagnosed

	mutex sync.Mutex
	vain  map[string]int // diagnoses without a cause, by the text of the header
}

// mostVain is the number of diagnoses without a cause after which a header is not tried again.
const mostVain = 16

// mostHeaders bounds the memory for headers.
const mostHeaders = 1024

// wants reports whether a token with that header is to be diagnosed.
func (d *Diagnosis) wants(header string) bool {
	if d == nil {
		return true
	}
	if d.Off {
		return false
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	n, known := d.vain[header]
	if n < mostVain && (known || len(d.vain) < mostHeaders) {
		return true
	}
	d.Skipped.Add(1)
	return false
}

// done records whether a cause was found.
func (d *Diagnosis) done(header string, found bool) {
	if d == nil {
		return
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.vain == nil {
		d.vain = map[string]int{}
	}
	if found {
		d.vain[header] = 0
	} else {
		d.vain[header]++
	}
}
