package faulty

import (
	"strconv"
	"strings"
	"time"

	"jwt/internal/verdict"
)

// A Fault is a fault of the table with its value and scope.
type Fault struct {
	Name  string
	Value time.Duration // for a fault that takes a duration
	Code  int           // for the fault status
	Path  string        // where it applies; empty: everywhere
	Times int           // how often it applies; 0: always
}

// Parse reads NAME[=VALUE][,times=N][,path=/PATH]. A fault of the whole server takes
// neither times nor path.
func Parse(s string) (Fault, error) {
	head, options, hasOptions := strings.Cut(s, ",")
	name, value, hasValue := strings.Cut(head, "=")
	k, ok := kindOf(name)
	f := Fault{Name: name, Times: k.times}
	switch {
	case !ok:
		return f, verdict.Errorf(verdict.Usage, "unknown fault %q", name).Hintf("jwt session serve --help lists the faults")
	case k.Value != "" && !hasValue:
		return f, verdict.Errorf(verdict.Usage, "fault: %s needs a value", name).Hintf("--fault %s", k.Usage())
	case k.Value == "" && hasValue:
		return f, verdict.Errorf(verdict.Usage, "fault: %s takes no value", name)
	case k.Value != "" && !k.parse(&f, value):
		return f, verdict.Errorf(verdict.Usage, "fault: %s cannot be %q", name, value).Hintf("a duration like 2s, for latency at most %s; for status a number from 400 to 599", maxLatency)
	case hasOptions && k.whole:
		return f, verdict.Errorf(verdict.Usage, "fault: %s takes neither times nor path", name).Hintf("use --fault %s: it affects the whole server", head)
	case hasOptions:
		return f, f.parseOptions(options)
	}
	return f, nil
}

// ParseAll parses each text with Parse.
func ParseAll(texts []string) ([]Fault, error) {
	var faults []Fault
	for _, text := range texts {
		f, err := Parse(text)
		if err != nil {
			return nil, err
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// parseOptions reads times=N and path=/PATH, separated by commas.
func (f *Fault) parseOptions(s string) error {
	for option := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(option, "=")
		n, err := strconv.Atoi(value)
		switch {
		case key == "times" && err == nil && n > 0:
			f.Times = n
		case key == "path" && strings.HasPrefix(value, "/"):
			f.Path = value
		default:
			return verdict.Errorf(verdict.Usage, "fault: %s: invalid option %q, must be times=N or path=/PATH", f.Name, option)
		}
	}
	return nil
}

// kindOf returns the row of the table with this name.
func kindOf(name string) (Kind, bool) {
	for _, k := range table() {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

// String returns the fault in the syntax of Parse.
func (f Fault) String() string {
	s := f.Name
	switch k, _ := kindOf(f.Name); k.Value {
	case "STATUS":
		s += "=" + strconv.Itoa(f.Code)
	case "DURATION":
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
