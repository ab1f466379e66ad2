package authserver

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"jwt/internal/verdict"
)

// A Fault is a rule that the server breaks on demand, for clients and judges to
// be tested against.
type Fault struct {
	Name  string
	Value time.Duration // of a fault that takes one
	Code  int           // of FaultStatus
	Path  string        // where it is broken; empty: wherever the fault applies
	Times int           // how often; 0: always
}

// The faults. Beside each stands the rule of `session flow` that finds it.
const (
	FaultLatency    = "latency"     // wait before answering
	FaultStatus     = "status"      // answer with this status, and do nothing
	FaultDropAnswer = "drop-answer" // carry the request out, then close the connection
	FaultExpireNow  = "expire-now"  // the next access token presented has expired
	FaultRotateKey  = "rotate-key"  // a new signing key, at once
	FaultClock      = "clock-offset"

	FaultLoginBroken     = "login-broken"        // login-works
	FaultAnyPassword     = "any-password"        // wrong-password-refused
	FaultErrorsDiffer    = "uniform-errors-off"  // uniform-login-errors
	FaultBearerRefused   = "bearer-refused"      // bearer-accepted
	FaultNoBearer        = "no-bearer-accepted"  // missing-bearer-refused
	FaultTampered        = "tampered-accepted"   // tampered-token-refused
	FaultAlgNone         = "alg-none-accepted"   // alg-none-refused
	FaultExpired         = "expired-accepted"    // expired-token-refused
	FaultNoHTTPOnly      = "cookie-no-httponly"  // cookie-httponly
	FaultNoSecure        = "cookie-no-secure"    // cookie-secure
	FaultNoSameSite      = "cookie-no-samesite"  // cookie-samesite
	FaultCookieDomain    = "cookie-domain"       // cookie-scope
	FaultCacheable       = "no-no-store"         // no-store
	FaultRefreshBroken   = "refresh-broken"      // refresh-works
	FaultRetryRefused    = "retry-refused"       // retry-works
	FaultNoRotation      = "rotation-off"        // rotation
	FaultReuse           = "reuse-undetected"    // reuse-detected
	FaultFamilySurvives  = "family-survives"     // family-revoked
	FaultGrace           = "grace"               // grace
	FaultRefreshAsAccess = "refresh-as-access"   // refresh-token-not-bearer
	FaultAccessAsRefresh = "access-as-refresh"   // access-token-not-refresh
	FaultLogoutBroken    = "logout-broken"       // logout-works
	FaultCookieStays     = "logout-keeps-cookie" // logout-clears-cookie
	FaultLogoutKeeps     = "logout-keeps"        // refresh-after-logout-refused
	FaultAccessOutlives  = "access-outlives"     // access-after-logout
	FaultRace            = "rotation-races"      // concurrent-refresh
)

// valued are the faults that take a value.
var valued = []string{FaultLatency, FaultClock, FaultGrace, FaultStatus}

// read takes the value of a fault that has one.
func (f *Fault) read(value string) bool {
	var err error
	if f.Name == FaultStatus {
		f.Code, err = strconv.Atoi(value)
		return err == nil && f.Code >= 400 && f.Code <= 599
	}
	f.Value, err = time.ParseDuration(value)
	least, most := time.Duration(0), maxLifetime
	switch f.Name {
	case FaultLatency:
		most = maxLatency
	case FaultClock:
		least = -maxLifetime
	}
	return err == nil && f.Value >= least && f.Value <= most
}

// maxLatency leaves an answer a second of the time that it may be written in.
const maxLatency = 14 * time.Second

// whole are the faults that no single request has: none of them runs out, or is of one path.
var whole = []string{FaultClock, FaultRotateKey}

// plain are the faults without a value.
var plain = []string{
	FaultDropAnswer, FaultExpireNow, FaultRotateKey,
	FaultLoginBroken, FaultAnyPassword, FaultErrorsDiffer, FaultBearerRefused, FaultNoBearer,
	FaultTampered, FaultAlgNone, FaultExpired,
	FaultNoHTTPOnly, FaultNoSecure, FaultNoSameSite, FaultCookieDomain, FaultCacheable,
	FaultRefreshBroken, FaultRetryRefused, FaultNoRotation, FaultReuse, FaultFamilySurvives,
	FaultRefreshAsAccess, FaultAccessAsRefresh,
	FaultLogoutBroken, FaultCookieStays, FaultLogoutKeeps, FaultAccessOutlives, FaultRace,
}

// FaultNames returns the names of all faults, those with a value ending in "=".
func FaultNames() []string {
	names := slices.Clone(plain)
	for _, name := range valued {
		names = append(names, name+"=")
	}
	slices.Sort(names)
	return names
}

// ParseFault reads NAME[=VALUE][,times=N][,path=/PATH]; neither option goes with a fault of
// the whole server.
func ParseFault(s string) (Fault, error) {
	head, rest, more := strings.Cut(s, ",")
	name, value, hasValue := strings.Cut(head, "=")
	f := Fault{Name: name}
	if name == FaultExpireNow {
		f.Times = 1
	}
	takesValue := slices.Contains(valued, name)
	switch {
	case !takesValue && !slices.Contains(plain, name):
		return f, verdict.Errorf(verdict.Usage, "fault: there is no %q", name).Hintf("one of %s", strings.Join(FaultNames(), " "))
	case takesValue != hasValue && takesValue:
		return f, verdict.Errorf(verdict.Usage, "fault: %s wants a value", name).Hintf("--fault %s=VALUE", name)
	case takesValue != hasValue:
		return f, verdict.Errorf(verdict.Usage, "fault: %s takes no value", name)
	case takesValue && !f.read(value):
		return f, verdict.Errorf(verdict.Usage, "fault: %s cannot be %q", name, value).Hintf("a length of time like 2s, for latency %s at most; for status a number from 400 to 599", maxLatency)
	case more && slices.Contains(whole, name):
		return f, verdict.Errorf(verdict.Usage, "fault: %s takes neither times nor path", name).Hintf("--fault %s alone: it concerns the whole server", head)
	}
	for more {
		var option string
		option, rest, more = strings.Cut(rest, ",")
		key, value, _ := strings.Cut(option, "=")
		n, err := strconv.Atoi(value)
		switch {
		case key == "times" && err == nil && n > 0:
			f.Times = n
		case key == "path" && strings.HasPrefix(value, "/"):
			f.Path = value
		default:
			return f, verdict.Errorf(verdict.Usage, "fault: %s,%s: what follows the comma is times=N or path=/PATH", name, option)
		}
	}
	return f, nil
}

// String returns the fault as ParseFault reads it.
func (f Fault) String() string {
	s := f.Name
	switch {
	case f.Name == FaultStatus:
		s += "=" + strconv.Itoa(f.Code)
	case slices.Contains(valued, f.Name):
		s += "=" + f.Value.String()
	}
	if f.Times > 0 {
		s += ",times=" + strconv.Itoa(f.Times)
	}
	if f.Path != "" {
		s += ",path=" + f.Path
	}
	return s
}

// faults are those in force.
type faults struct {
	any  atomic.Bool // whether there are some, or token IDs: where not, no request takes the lock
	mu   sync.Mutex
	list []Fault

	expired map[string]bool // token IDs that FaultExpireNow hit
}

// changed is to be called before the lock is given back.
func (f *faults) changed() { f.any.Store(len(f.list)+len(f.expired) > 0) }

// set puts a fault in force, in the place of one of that name and path.
func (f *faults) set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remove(fault.Name, fault.Path)
	f.list = append(f.list, fault)
	f.changed()
}

// clear takes a fault back, or all of them where the name is empty.
func (f *faults) clear(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(x Fault) bool { return name == "" || x.Name == name })
	f.changed()
}

func (f *faults) remove(name, path string) {
	f.list = slices.DeleteFunc(f.list, func(x Fault) bool { return x.Name == name && x.Path == path })
}

// take returns the fault of that name if it is in force at the path, and counts
// one of its times.
func (f *faults) take(name, path string) (Fault, bool) {
	if !f.any.Load() {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(name, path)
	if i < 0 {
		return Fault{}, false
	}
	x := f.list[i]
	switch x.Times {
	case 0:
	case 1:
		f.list = slices.Delete(f.list, i, i+1)
		f.changed()
	default:
		f.list[i].Times--
	}
	return x, true
}

// peek returns the fault that take would, and counts nothing.
func (f *faults) peek(name, path string) (Fault, bool) {
	if !f.any.Load() {
		return Fault{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.find(name, path)
	if i < 0 {
		return Fault{}, false
	}
	return f.list[i], true
}

// find returns where the fault of that name is which is in force at the path, or -1.
func (f *faults) find(name, path string) int {
	return slices.IndexFunc(f.list, func(x Fault) bool { return x.Name == name && (x.Path == "" || x.Path == path) })
}

// hits says whether an access token counts as expired: one that FaultExpireNow
// hit stays so.
func (f *faults) hits(id, path string) bool {
	if !f.any.Load() {
		return false
	}
	f.mu.Lock()
	hit := f.expired[id]
	f.mu.Unlock()
	if hit {
		return true
	}
	if _, hit = f.take(FaultExpireNow, path); hit {
		f.expire(id)
	}
	return hit
}

// expire makes an access token count as expired from now on.
func (f *faults) expire(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.expired == nil {
		f.expired = map[string]bool{}
	}
	f.expired[id] = true
	f.changed()
}

// active lists the faults in force.
func (f *faults) active() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.list)
}
