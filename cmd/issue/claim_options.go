package issue

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"jwt/internal/cli"
	"jwt/internal/jsonobject"
	"jwt/internal/jwt"
	"jwt/internal/phrase"
	"jwt/internal/reltime"
	"jwt/internal/verdict"
)

// claimOptions are the flags that set claims, for the commands that make a token.
type claimOptions struct {
	flags *pflag.FlagSet

	members       []string
	iss, sub, jti string
	aud           []string
	exp, nbf, iat string
	noIat         bool
}

// madeUUID is the value of --jti without one.
const madeUUID = "uuid"

// claimFlags has the names of the flags.
var claimFlags = [...]string{"claim", "iss", "sub", "aud", "exp", "nbf", "iat", "no-iat", "jti"}

func (o *claimOptions) addFlags(f *pflag.FlagSet) {
	o.flags = f
	f.StringArrayVarP(&o.members, "claim", "c", nil, "set a claim: `NAME=VALUE` for a string, NAME:=JSON for any value; dots in NAME descend (repeatable)")
	f.StringVar(&o.iss, "iss", "", "the issuer (iss), an `ISSUER`")
	f.StringVar(&o.sub, "sub", "", "the subject (sub), a `SUBJECT`")
	f.StringArrayVar(&o.aud, "aud", nil, "the audience (aud), an `AUDIENCE` (repeated: an array)")
	f.StringVar(&o.exp, "exp", "", "the `TIME` it expires (exp), like +1h")
	f.StringVar(&o.nbf, "nbf", "", "the `TIME` before which it is not valid (nbf)")
	f.StringVar(&o.iat, "iat", "", "the `TIME` it was issued (iat; default: now)")
	f.BoolVar(&o.noIat, "no-iat", false, "do not add iat")
	f.StringVar(&o.jti, "jti", "", "the `ID` of the token (jti); --jti alone makes a random UUID")
	f.Lookup("jti").NoOptDefVal = madeUUID
}

func (o *claimOptions) complete(c *cobra.Command) {
	for _, name := range []string{"exp", "nbf", "iat"} {
		cli.CompleteValues(c, name, "+5m", "+1h", "+1d", "now")
	}
}

func (o claimOptions) check() error {
	if o.noIat && o.iat != "" {
		return verdict.Errorf(verdict.Usage, "--iat and --no-iat contradict each other")
	}
	return checkUTF8(append([]string{o.iss, o.sub, o.jti}, o.aud...)...)
}

// checkUTF8 refuses texts that are not UTF-8, which JSON must be (RFC 8259 §8.1).
func checkUTF8(texts ...string) error {
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return verdict.Errorf(verdict.Usage, "%s is not UTF-8, which JSON must be", cli.QuoteArg(text))
		}
	}
	return nil
}

// given reports whether the flag is set, also to the empty string.
func (o claimOptions) given(flag string) bool { return o.flags.Changed(flag) }

// any reports whether any of the flags is set.
func (o claimOptions) any() bool { return slices.ContainsFunc(claimFlags[:], o.given) }

// takeID takes the ID of "--jti ID" out of the arguments, where the parser of flags leaves
// it because the value is optional. Claims never look like an ID.
func (o *claimOptions) takeID(args []string) []string {
	return slices.DeleteFunc(slices.Clone(args), func(arg string) bool {
		isID := o.jti == madeUUID && !strings.ContainsAny(arg[:min(1, len(arg))], "{@- \t\n")
		if isID {
			o.jti = arg
		}
		return isID
	})
}

// set sets the claims of the flags. Times count from now; with issued, an iat that is not
// given is now.
func (o claimOptions) set(claims *jsonobject.Object, now time.Time, issued bool) error {
	members, err := parseMembers("-c", o.members)
	if err != nil {
		return err
	}
	for _, m := range members {
		if slices.Contains(claimFlags[:], m.Name) && o.given(m.Name) {
			return verdict.Errorf(verdict.Usage, "-c %s and --%s both set %s", m.Name, m.Name, m.Name).Hintf("give one of them")
		}
		if err := claims.SetPath(m.Name, m.Value); err != nil {
			return verdict.Errorf(verdict.Usage, "-c %s: %w", phrase.Short(m.Name), err)
		}
	}
	o.setTexts(claims)
	if err := o.setTimes(claims, now); err != nil {
		return err
	}
	if _, has := claims.Get("iat"); !has && issued && !o.noIat {
		claims.Set("iat", jsonobject.Int(now.Unix()))
	}
	return nil
}

// parseMembers reads the values of -c or -H. A name that is given twice is an error, because
// one of its values would be lost.
func parseMembers(flag string, texts []string) ([]jsonobject.Member, error) {
	var members []jsonobject.Member
	for _, text := range texts {
		m, err := jwt.ParseMember(text)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(members, func(other jsonobject.Member) bool { return other.Name == m.Name }) {
			return nil, verdict.Errorf(verdict.Usage, "%s %s is given twice", flag, phrase.Quote(m.Name)).
				Hintf("an array is one value: %s:='[\"a\",\"b\"]'", phrase.Short(m.Name))
		}
		members = append(members, m)
	}
	return members, nil
}

func (o claimOptions) setTexts(claims *jsonobject.Object) {
	for _, c := range []struct{ flag, value string }{{"iss", o.iss}, {"sub", o.sub}, {"jti", o.jti}} {
		switch {
		case !o.given(c.flag):
		case c.value == madeUUID:
			claims.Set(c.flag, jsonobject.Quote(uuid()))
		default:
			claims.Set(c.flag, jsonobject.Quote(c.value))
		}
	}
	switch len(o.aud) {
	case 0:
	case 1:
		claims.Set("aud", jsonobject.Quote(o.aud[0]))
	default:
		list := []string{}
		for _, a := range o.aud {
			list = append(list, string(jsonobject.Quote(a)))
		}
		claims.Set("aud", jsonobject.Value("["+strings.Join(list, ",")+"]"))
	}
}

func (o claimOptions) setTimes(claims *jsonobject.Object, now time.Time) error {
	for _, c := range []struct{ flag, text string }{{"iat", o.iat}, {"nbf", o.nbf}, {"exp", o.exp}} {
		if !o.given(c.flag) {
			continue
		}
		t, err := reltime.Parse(c.text, now)
		if err == nil && c.flag != "iat" {
			err = looksLikeLifetime(c.flag, c.text, t, now, claims)
		}
		if err != nil {
			return cli.FlagError(c.flag, err)
		}
		claims.Set(c.flag, jsonobject.Int(t.Unix()))
	}
	return nil
}

// looksLikeLifetime returns the error of a time that is a small number, like 3600: it is
// 1970-01-01T01:00:00Z, and a length of time was meant. An iat before it shows that it was not.
func looksLikeLifetime(flag, text string, t, now time.Time, claims *jsonobject.Object) error {
	longest := time.Unix(0, 0).AddDate(10, 0, 0)
	if strings.Trim(text, "0123456789") != "" || t.After(longest) || !now.After(longest) {
		return nil
	}
	if v, ok := claims.Get("iat"); ok {
		if iat, ok := jwt.ParseNumericDate(v); ok && iat.Compare(t) < 0 {
			return nil
		}
	}
	return verdict.Errorf(verdict.Usage, "%s is the time %s: a length of time begins with +", text, t.UTC().Format(time.RFC3339)).
		Hintf("--%s +%s for a time from now, -c %s:=%s for the number itself", flag, text, flag, text)
}

// notes returns what is unusual about the members of -c.
func (o claimOptions) notes() []string {
	var notes []string
	for _, text := range o.members {
		name, value, _ := strings.Cut(text, "=")
		v, err := jsonobject.ParseValue([]byte(value))
		switch short := phrase.Short(name); {
		case strings.HasSuffix(name, ":"): // JSON is meant
		case strings.HasPrefix(value, "["), strings.HasPrefix(value, "{"):
			notes = append(notes, fmt.Sprintf("%s is text, not JSON: %s:='[\"a\",\"b\"]' sets JSON", short, short))
		case err == nil && v.Kind() != '"':
			notes = append(notes, fmt.Sprintf("%s is the text %s: %s:=%s sets JSON", short, phrase.Quote(value), short, phrase.Short(value)))
		}
	}
	return notes
}

// uuid returns a random UUID (RFC 9562 §5.4).
func uuid() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
