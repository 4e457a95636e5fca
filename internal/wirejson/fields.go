package wirejson

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// structPlan contains the fields of a struct.
type structPlan struct {
	fields  []field
	exact   map[string]*field
	folded  map[string]*field // by case-folded name
	longest int               // length of the longest name in bytes
}

// field is a field of a struct or of a struct embedded in it.
type field struct {
	name   string
	quoted string // the name as it mostly is in documents: quoted and followed by a colon
	dotted string // the name as it is in paths
	mark   mark
	index  []int
	hidden bool // of an unexported type: its fields can be set, but not the field itself
	plan   *plan
	follow atomic.Pointer[field] // the field that followed this one last time
}

func (b planner) structure(t reflect.Type) reader {
	p := &structPlan{exact: map[string]*field{}, folded: map[string]*field{}}
	found := embeddedFields(t)
	p.fields = make([]field, len(found))
	for i, f := range found {
		to := &p.fields[i]
		to.name, to.index, to.hidden = f.name, f.index, f.hidden
		to.quoted, to.dotted, to.mark = `"`+f.name+`":`, "."+f.name, markOf([]byte(f.name))
		to.plan = b.plan(f.typ)
		if f.hidden {
			to.plan = &plan{typ: f.typ, read: b.reader(f.typ, false)}
		}
		if f.inString {
			to.plan = &plan{typ: f.typ, read: inString{to.plan}.read}
		}
		p.exact[f.name] = to
		p.longest = max(p.longest, len(f.name))
		if name := string(fold(nil, []byte(f.name))); p.folded[name] == nil {
			p.folded[name] = to
		}
	}
	return p.read
}

// candidate is a field that may have a name.
type candidate struct {
	name     string
	index    []int
	typ      reflect.Type
	tagged   bool
	inString bool // the option ",string"
	hidden   bool // embedded and unexported, but with a tag
}

// embeddedFields returns the fields of t and of the structs embedded in it, by the rules
// of encoding/json: of several fields with one name the least nested one is used, of
// those the one with a tag, and if there are several, none.
func embeddedFields(t reflect.Type) []candidate {
	var found []candidate
	seen := map[reflect.Type]bool{}
	level := []candidate{{typ: t}}
	for len(level) > 0 {
		var deeper []candidate
		count := map[reflect.Type]int{}
		for _, c := range level {
			count[c.typ]++
		}
		for _, c := range level {
			if seen[c.typ] {
				continue
			}
			seen[c.typ] = true
			for i := range c.typ.NumField() {
				f, embedded, ok := candidateOf(c, i)
				switch {
				case !ok:
				case embedded:
					deeper = append(deeper, f)
				default:
					found = append(found, f)
					if count[c.typ] > 1 { // the struct is embedded twice: its fields hide each other
						found = append(found, f)
					}
				}
			}
		}
		level = deeper
	}
	return dominant(found)
}

// candidateOf returns the i-th field of a struct. For an embedded struct without a tag
// its own fields are used instead.
func candidateOf(parent candidate, i int) (c candidate, embedded, ok bool) {
	f := parent.typ.Field(i)
	inner := f.Type
	if inner.Kind() == reflect.Pointer {
		inner = inner.Elem()
	}
	if !f.IsExported() && (!f.Anonymous || inner.Kind() != reflect.Struct) {
		return c, false, false
	}
	tag := f.Tag.Get("json")
	if tag == "-" {
		return c, false, false
	}
	name, options, _ := strings.Cut(tag, ",")
	if !validName(name) {
		name = ""
	}
	c = candidate{name: name, typ: f.Type, tagged: name != "", hidden: !f.IsExported(), index: append(slices.Clone(parent.index), i)}
	if f.Type.Name() != "" {
		inner = f.Type
	}
	if f.Anonymous && name == "" && inner.Kind() == reflect.Struct {
		c.typ = inner
		return c, true, true
	}
	if name == "" {
		c.name = f.Name
	}
	c.inString = slices.Contains(strings.Split(options, ","), "string") && isScalar(inner.Kind())
	return c, false, true
}

// validName reports whether encoding/json accepts a name in a tag.
func validName(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
}

func isScalar(k reflect.Kind) bool {
	return k == reflect.String || k >= reflect.Bool && k <= reflect.Float64
}

// dominant keeps one of the fields with the same name, or none.
func dominant(found []candidate) []candidate {
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), compareTagged(a, b))
	})
	var out []candidate
	for len(found) > 0 {
		same := 1
		for same < len(found) && found[same].name == found[0].name {
			same++
		}
		if same == 1 || len(found[0].index) != len(found[1].index) || found[0].tagged != found[1].tagged {
			out = append(out, found[0])
		}
		found = found[same:]
	}
	// Stable as above, for no other reason than that each way to sort is compiled for the type.
	slices.SortStableFunc(out, func(a, b candidate) int { return slices.Compare(a.index, b.index) })
	return out
}

func compareTagged(a, b candidate) int {
	switch {
	case a.tagged == b.tagged:
		return 0
	case a.tagged:
		return -1
	}
	return 1
}

// maxFold is how many times longer a name can be without case: U+212A, the sign for kelvin,
// has three bytes, and k has one.
const maxFold = 3

// lookup returns the field with a name, or nil if there is none.
func (p *structPlan) lookup(name []byte) *field {
	if f := p.exact[string(name)]; f != nil {
		return f
	}
	if len(name) > maxFold*p.longest { // too long to match without case
		return nil
	}
	var room [64]byte
	return p.folded[string(fold(room[:0], name))]
}

// fold appends a name without case: two names are then the same if bytes.EqualFold
// reports so.
func fold(out, name []byte) []byte {
	for len(name) > 0 {
		if b := name[0]; b < utf8.RuneSelf {
			if b >= 'a' && b <= 'z' {
				b -= 'a' - 'A'
			}
			out = append(out, b)
			name = name[1:]
			continue
		}
		r, n := utf8.DecodeRune(name)
		for next := unicode.SimpleFold(r); ; next = unicode.SimpleFold(next) {
			if next <= r { // wrapped around to the smallest
				r = next
				break
			}
			r = next
		}
		out = utf8.AppendRune(out, r)
		name = name[n:]
	}
	return out
}

// read reads an object.
func (p *structPlan) read(d *decoder, v reflect.Value) outcome {
	if d.peek() != '{' {
		return d.notObject(p.read, v)
	}
	if !d.open() {
		return broken
	}
	var last, guess *field
	if len(p.fields) > 0 {
		guess = &p.fields[0]
	}
	for n := 0; d.next(n, '}'); n++ {
		f, ok := p.member(d, guess)
		if !ok {
			return broken
		}
		if f == nil {
			if !d.skip() {
				return broken
			}
			continue
		}
		if last != nil && f != guess {
			last.follow.Store(f)
		}
		if f.readInto(d, v) == broken {
			return broken
		}
		last = f
		guess = f.follow.Load()
	}
	return d.left()
}

// member reads the name of a member and returns its field, or nil if there is none.
// Documents of one kind have their members in the same order, so the guess is mostly
// right.
func (p *structPlan) member(d *decoder, guess *field) (f *field, ok bool) {
	if guess != nil && d.has(guess.quoted) {
		d.at += len(guess.quoted)
		d.peek()
		if d.depth == 1 {
			d.mark, d.markAt = guess.mark, d.at
		}
		return guess, true
	}
	raw, s, ok := d.key()
	if !ok {
		return nil, false
	}
	return p.lookup(d.text(raw, s)), true
}

// readInto reads the value of a field of v.
func (f *field) readInto(d *decoder, v reflect.Value) outcome {
	target, ok := f.of(v)
	begin, before := d.at, len(d.skipped)
	var result outcome
	if ok {
		result = f.plan.read(d, target)
	} else if result = unreadable; !d.skip() {
		result = broken
	}
	if result == unreadable {
		d.report(begin, f.plan.typ)
	}
	if len(d.skipped) > before {
		d.inField(before, f.dotted)
	}
	return result
}

// of returns the field of v and creates the structs that contain it. It cannot do so if
// one of them is unexported and embedded by a pointer.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	if len(f.index) == 1 && !f.hidden {
		return v.Field(f.index[0]), true
	}
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !v.CanSet() {
					return v, false
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, v.CanSet() || v.Kind() == reflect.Struct
}
