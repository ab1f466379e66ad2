package jsonobject

// usual is the names of the members of an object, with their quotes. Most objects of a stream have
// the names of the one before in the same order. They need not be compared with each other again.
type usual struct {
	text  []byte
	names []part // of text
}

// match returns the size of the name of member i if text begins with it, and 0 otherwise.
func (u *usual) match(text []byte, i int) int {
	if i >= len(u.names) {
		return 0
	}
	name := u.names[i].of(u.text)
	if len(text) < len(name) || string(text[:len(name)]) != string(name) {
		return 0
	}
	return len(name)
}

// keep replaces the names by those of another object, or by the first of them if they are many
// bytes.
func (u *usual) keep(src []byte, members []place) {
	const most = 1 << 10
	u.text, u.names = u.text[:0], u.names[:0]
	for _, m := range members {
		from := len(u.text)
		if from+m.name.size() > most {
			return
		}
		u.text = append(u.text, m.name.of(src)...)
		u.names = append(u.names, part{int32(from), int32(len(u.text))})
	}
}
