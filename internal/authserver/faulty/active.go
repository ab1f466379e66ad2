package faulty

import (
	"slices"
	"sync"
	"sync/atomic"

	"jwt/internal/authserver"
)

// active holds the active faults.
type active struct {
	server *authserver.Server

	any  atomic.Bool // list or expired is not empty; otherwise no request takes the lock
	mu   sync.Mutex
	list []Fault

	expired map[string]bool // IDs of access tokens that are treated as expired
}

// changed must be called before the lock is released.
func (f *active) changed() { f.any.Store(len(f.list)+len(f.expired) > 0) }

// set activates a fault. It replaces one with the same name and path.
func (f *active) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(x Fault) bool { return x.Name == fault.Name && x.Path == fault.Path })
	f.list = append(f.list, fault)
	f.changed()
}

// clear removes a fault, or all faults if the name is empty.
func (f *active) clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(x Fault) bool { return name == "" || x.Name == name })
	f.changed()
}

// take returns the fault with this name if it is active at the path, and counts one of
// its times.
func (f *active) take(name, path string) (Fault, bool) {
	return f.find(name, path, func(i int) {
		switch f.list[i].Times {
		case 0:
		case 1:
			f.list = slices.Delete(f.list, i, i+1)
			f.changed()
		default:
			f.list[i].Times--
		}
	})
}

// peek returns the fault that take would return, and counts nothing.
func (f *active) peek(name, path string) (Fault, bool) {
	return f.find(name, path, func(int) {})
}

// find calls found with the index of the fault with this name that is active at the path.
// It returns the fault as it was before the call.
func (f *active) find(name, path string, found func(int)) (Fault, bool) {
	if !f.any.Load() {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.list, func(x Fault) bool { return x.Name == name && (x.Path == "" || x.Path == path) })
	if i < 0 {
		return Fault{}, false
	}
	fault := f.list[i]
	found(i)
	return fault, true
}

// expire marks an access token as expired from now on.
func (f *active) expire(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.expired == nil {
		f.expired = map[string]bool{}
	}
	f.expired[id] = true
	f.changed()
}

// isExpired reports whether expire was called for the access token.
func (f *active) isExpired(id string) bool {
	if !f.any.Load() {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.expired[id]
}

// names returns the active faults in the syntax of Parse, sorted.
func (f *active) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, fault := range f.list {
		names = append(names, fault.String())
	}
	slices.Sort(names)
	return names
}
