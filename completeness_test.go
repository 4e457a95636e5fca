package wechat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/spec"
)

// method is an exported method of Client as it stands in the source.
type method struct {
	name     string
	file     string
	doc      string
	iterator bool
}

func clientMethods(t *testing.T) []method {
	t.Helper()
	var methods []method
	files, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); !ok || fmt.Sprint(star.X) != "Client" {
				continue
			}
			m := method{name: f.Name.Name, file: name, doc: f.Doc.Text()}
			if r := f.Type.Results; r != nil && len(r.List) == 1 {
				if index, ok := r.List[0].Type.(*ast.IndexListExpr); ok {
					if sel, ok := index.X.(*ast.SelectorExpr); ok {
						m.iterator = sel.Sel.Name == "Seq2"
					}
				}
			}
			methods = append(methods, m)
		}
	}
	require.Greater(t, len(methods), 10)
	return methods
}

// local lists the methods that send nothing themselves, or what others send.
var local = []string{
	"AppID", "Close", "Do", "Token", "TokenWithTTL", // the core
	"Ticket", "TicketWithTTL", "SignPage", "SignCard", "SignCardChoice", // signatures
	"OAuthURL", "OneTimeSubscribeURL", // addresses
}

func TestEveryMethodIsDocumentedIndexedAndOnTheWire(t *testing.T) {
	index, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	title := regexp.MustCompile(`[(（][^()]*\p{Han}[^()]*[)）]`)
	link := regexp.MustCompile(`(?m)^https://developers\.weixin\.qq\.com/doc/\S+$`)
	called := map[string]bool{}
	for _, r := range rows {
		name, _, _ := strings.Cut(r.name, "/")
		called[name] = true
	}
	for _, m := range clientMethods(t) {
		assert.Regexp(t, title, m.doc, "%s: no Chinese title", m.name)
		assert.Regexp(t, link, m.doc, "%s: no link to its official page", m.name)
		if !m.iterator && !slices.Contains(local, m.name) {
			assert.True(t, called[m.name], "%s: no wire row", m.name)
		}
		entry := regexp.MustCompile(`\[Client\.` + m.name + `\].*`).FindString(string(index))
		assert.NotEmpty(t, entry, "%s: not in the index of doc.go", m.name)
		assert.Equal(t, strings.Contains(m.doc, "\nDeprecated: "), strings.HasSuffix(entry, " Deprecated."),
			"%s: deprecated in its comment or in the index, but not in both", m.name)
		delete(called, m.name)
	}
	assert.Empty(t, called, "rows of no method")
}

// examplesIn returns the examples of a package.
func examplesIn(t *testing.T, dir string) []*doc.Example {
	t.Helper()
	files, err := fs.Glob(os.DirFS(dir), "*_test.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, name), nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, file)
	}
	return doc.Examples(parsed...)
}

// calls reports whether an example calls a function or a method with this name, and
// whether go test runs the example.
func calls(e *doc.Example, name string) bool {
	found := false
	ast.Inspect(e.Code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			fun := call.Fun
			if generic, ok := fun.(*ast.IndexExpr); ok {
				fun = generic.X
			}
			if sel, ok := fun.(*ast.SelectorExpr); ok {
				found = found || sel.Sel.Name == name
			}
		}
		return !found
	})
	return found && e.Output != ""
}

func TestEveryAreaHasAnExecutedExample(t *testing.T) {
	examples := examplesIn(t, ".")
	areas := map[string]bool{} // by file, whether there is an example
	for _, m := range clientMethods(t) {
		if m.file == "token.go" || strings.HasPrefix(m.file, "client") {
			continue // the core
		}
		areas[m.file] = areas[m.file] || slices.ContainsFunc(examples, func(e *doc.Example) bool {
			return e.Name == "Client_"+m.name && calls(e, m.name)
		})
	}
	require.Greater(t, len(areas), 40)
	for file, shown := range areas {
		assert.True(t, shown, "%s: no executed example of a method", file)
	}
}

// TestWhatUsersStartWithHasAnExecutedExample covers what is not in an area.
func TestWhatUsersStartWithHasAnExecutedExample(t *testing.T) {
	for dir, names := range map[string][]string{
		".": {"NewClient", "NewClients", "OpenFile", "SaveFile"},
		"callback": {
			"NewHandler", "NewRouter", "On", "OnText", "OnEventKey", "OnEventKeyPrefix", "NewActivity", "NewSessions", "SplitText",
			"CustomMessages",
		},
		"wechattest": {"NewServer", "NewPlatform", "InjectFault", "Push", "SetStatistics"},
	} {
		examples := examplesIn(t, dir)
		for _, name := range names {
			assert.True(t, slices.ContainsFunc(examples, func(e *doc.Example) bool {
				_, method, _ := strings.Cut(e.Name, "_")
				return (e.Name == name || method == name) && calls(e, name)
			}), "%s.%s: no executed example", dir, name)
		}
	}
}

// TestEveryExampleIsAWholeProgram keeps examples free of what is declared in other
// files, so that a reader can copy and run them.
func TestEveryExampleIsAWholeProgram(t *testing.T) {
	for _, dir := range apiPackages {
		examples := examplesIn(t, dir)
		if dir != "storetest" { // its functions run in a test of their user
			require.NotEmpty(t, examples, dir)
		}
		for _, e := range examples {
			assert.NotNil(t, e.Play, "%s: Example%s needs other files", dir, e.Name)
		}
	}
}

// TestEveryMethodNamesTheHeadingOfItsPage holds what people search for against the
// methods: a page's heading stands in the comment of each method that links to it,
// and in the index.
func TestEveryMethodNamesTheHeadingOfItsPage(t *testing.T) {
	headings := map[string]string{}
	for _, e := range spec.All() {
		if e.Heading != "" {
			headings[e.Doc] = e.Heading
		}
	}
	index, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	page := regexp.MustCompile(`https://developers\.weixin\.qq\.com(/doc/\S+)`)
	compared := 0
	for _, m := range clientMethods(t) {
		link := page.FindStringSubmatch(m.doc)
		require.NotNil(t, link, m.name)
		heading, known := headings[link[1]]
		if !known {
			continue
		}
		compared++
		assert.Contains(t, m.doc, heading, m.name)
		assert.Regexp(t, regexp.QuoteMeta("[Client."+m.name+"] ")+".*"+regexp.QuoteMeta(heading), string(index))
	}
	assert.Greater(t, compared, 150)
}

// TestEveryMethodWithASmallQuotaNamesIt holds the table of daily quotas against the
// comments of the methods that use them up.
func TestEveryMethodWithASmallQuotaNamesIt(t *testing.T) {
	callers := map[string]map[string]bool{}
	for _, r := range rows {
		name, _, _ := strings.Cut(r.name, "/")
		if callers[r.http] == nil {
			callers[r.http] = map[string]bool{}
		}
		callers[r.http][name] = true
	}
	docs := map[string]string{}
	for _, m := range clientMethods(t) {
		docs[m.name] = m.doc
	}
	compared := 0
	for _, e := range spec.All() {
		if e.Daily == 0 || e.Daily > 20_000 {
			continue
		}
		quota := strconv.Itoa(e.Daily)
		if n := len(quota); n > 3 {
			quota = quota[:n-3] + "," + quota[n-3:]
		}
		for name := range callers[e.Method+" "+e.Path] {
			compared++
			assert.Regexp(t, `(^|\D)`+quota+`(\D|$)`, docs[name], "%s: %s calls a day", name, quota)
		}
	}
	assert.Greater(t, compared, 25)
}

// redirects are addresses that a browser opens; the method makes the address.
var redirects = map[string]string{
	"GET /connect/oauth2/authorize": "OAuthURL",
	"GET /mp/subscribemsg":          "OneTimeSubscribeURL",
}

// TestTheWholePlatformIsTyped holds the methods against what the platform
// documents: an endpoint needs a method, and every documented field a place in
// what the method sends or returns.
func TestTheWholePlatformIsTyped(t *testing.T) {
	byEndpoint := map[string][]wireRow{}
	for _, r := range rows {
		byEndpoint[r.http] = append(byEndpoint[r.http], r)
	}
	documented := map[string]bool{}
	endpoints, covered, lostRequest, lostResponse := 0, 0, 0, 0
	for _, e := range spec.All() {
		key := e.Method + " " + e.Path
		documented[key] = true
		if e.Sidebar {
			endpoints++
		}
		callers := matching(byEndpoint[key], e)
		if len(callers) == 0 && redirects[key] == "" {
			t.Errorf("%s: no method", key)
			continue
		}
		if e.Sidebar {
			covered++
		}
		if redirects[key] != "" {
			continue
		}
		for _, missing := range missingRequestFields(t, e, callers) {
			lostRequest++
			t.Errorf("%s: no row sends %s", key, missing)
		}
		for _, missing := range missingResponseFields(t, e, callers) {
			lostResponse++
			t.Errorf("%s: no method returns %s", key, missing)
		}
	}
	for key := range byEndpoint {
		assert.True(t, documented[key], "%s is no documented endpoint", key)
	}
	t.Logf("%d/%d endpoints, %d request fields missing, %d response fields missing", covered, endpoints, lostRequest, lostResponse)
}

// matching leaves the rows whose query has the enum values by which the
// documentation tells endpoints of one path apart.
func matching(callers []wireRow, e spec.Endpoint) []wireRow {
	if len(spec.Find(e.Method, e.Path)) < 2 {
		return callers
	}
	return slices.DeleteFunc(slices.Clone(callers), func(r wireRow) bool {
		q, _ := url.ParseQuery(r.query)
		for _, f := range e.Query {
			if len(f.Enum) == 1 && q.Get(f.Name) != f.Enum[0] {
				return true
			}
		}
		return false
	})
}

// codes are fields by which an endpoint tells that it refused, in place of errcode.
var codes = map[string][]string{"/wxa/get_district": {"status", "message"}}

func missingRequestFields(t *testing.T, e spec.Endpoint, callers []wireRow) []string {
	t.Helper()
	sent := map[string]bool{}
	for _, r := range callers {
		reply := r.reply
		if reply == "" {
			reply = wireOK
		}
		c, seen := r.client(answer(http.StatusOK, reply))
		_, err := r.call(t.Context(), c)
		require.NoError(t, err, r.name)
		require.NotNil(t, seen.Request, r.name)
		for name := range seen.URL.Query() {
			sent[name] = true
		}
		addSent(t, sent, seen)
	}
	var missing []string
	for _, fields := range [][]spec.Field{e.Query, e.Request} {
		eachLeaf("", fields, func(path string, f spec.Field) {
			if !sent[path] && !f.Deprecated && e.Content != "text-body" {
				missing = append(missing, path)
			}
		})
	}
	return missing
}

// addSent collects the paths of everything in a request's body.
func addSent(t *testing.T, sent map[string]bool, seen *wireRequest) {
	t.Helper()
	kind, attributes, _ := mime.ParseMediaType(seen.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		addPaths(sent, "", decodeAny(seen.body))
		return
	}
	parts := multipart.NewReader(bytes.NewReader(seen.body), attributes["boundary"])
	for {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // NextPart returns it bare
			return
		}
		require.NoError(t, err)
		sent[part.FormName()] = true
		content, err := io.ReadAll(part)
		require.NoError(t, err)
		addPaths(sent, part.FormName()+".", decodeAny(content))
	}
}

func decodeAny(data []byte) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	_ = d.Decode(&v) // what is no JSON has no paths
	return v
}

// addPaths collects the dotted paths in a JSON value; array indices and the keys
// of maps do not count.
func addPaths(sent map[string]bool, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			sent[prefix+name] = true
			addPaths(sent, prefix+name+".", member)
			addPaths(sent, prefix, member) // name may be the free key of a map
		}
	case []any:
		for _, element := range v {
			addPaths(sent, prefix, element)
		}
	case string:
		if strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") {
			addPaths(sent, prefix, decodeAny([]byte(v)))
		}
	}
}

// eachLeaf visits the fields that hold a value, not those that hold fields.
func eachLeaf(prefix string, fields []spec.Field, visit func(path string, f spec.Field)) {
	for _, f := range fields {
		if inside := slices.Concat(f.Fields, f.Encoded); len(inside) > 0 {
			eachLeaf(prefix+f.Name+".", inside, visit)
		} else {
			visit(prefix+f.Name, f)
		}
	}
}

func missingResponseFields(t *testing.T, e spec.Endpoint, callers []wireRow) []string {
	t.Helper()
	missing := slices.Concat(lostFields(t, e, callers, false), lostFields(t, e, callers, true))
	slices.Sort(missing)
	return slices.Compact(missing)
}

// lostFields answers a call with every documented field, and with other the fields
// that were seen with another type as that, and returns those that are not in the
// result.
func lostFields(t *testing.T, e spec.Endpoint, callers []wireRow, other bool) []string {
	t.Helper()
	s := sample{other: other, want: map[string]string{}, flags: map[string]string{}}
	reply := map[string]any{"errcode": 0, "errmsg": "ok"}
	for name, v := range s.object("", e.Response) {
		reply[name] = v
	}
	for _, name := range codes[e.Path] {
		reply[name] = 0
		delete(s.want, name)
	}
	data, err := json.Marshal(reply)
	require.NoError(t, err)
	found := finding{values: map[string]bool{}, names: map[string]bool{}, types: map[reflect.Type]bool{}}
	for _, r := range callers {
		c, _ := r.client(answer(http.StatusOK, string(data)))
		got, err := r.call(t.Context(), c)
		if err != nil {
			t.Errorf("%s: answer with all documented fields: %v: %s", r.name, err, data)
			continue
		}
		_, isBool := got.(bool)
		found.isBool = found.isBool || isBool
		found.isList = found.isList || reflect.ValueOf(got).Kind() == reflect.Slice
		found.walk(reflect.ValueOf(got))
	}
	var missing []string
	for path, value := range s.want {
		if !found.values[value] && (path != "count" || !found.isList) {
			missing = append(missing, path)
		}
	}
	for path, name := range s.flags {
		if !found.names[name] && !found.isBool {
			missing = append(missing, path)
		}
	}
	return missing
}

// sample makes an answer in which every scalar is unlike all others.
type sample struct {
	n     int
	other bool              // fields have their other type, where they have one
	want  map[string]string // path → text of its value
	flags map[string]string // path → name, of booleans: true is true
}

func (s *sample) object(prefix string, fields []spec.Field) map[string]any {
	m := map[string]any{}
	for _, f := range fields {
		switch {
		case f.Name == "errcode" || f.Name == "errmsg" || f.Name == "ret" || f.Name == "err_msg":
		case f.Map:
			m[f.Name] = map[string]any{"key": s.object(prefix+f.Name+".", f.Fields)}
		default:
			m[f.Name] = s.value(prefix+f.Name, f)
		}
	}
	return m
}

func (s *sample) value(path string, f spec.Field) any {
	if s.other && f.AltType != "" {
		f.Type = f.AltType
	}
	kind := strings.TrimRight(f.Type, "[]")
	var v any
	switch {
	case len(f.Encoded) > 0:
		data, _ := json.Marshal(s.object(path+".", f.Encoded))
		v = string(data)
	case kind == "object":
		v = s.object(path+".", f.Fields)
	case kind == "boolean":
		s.flags[path] = f.Name
		v = true
	default:
		v = s.scalar(path, kind, f)
	}
	for range strings.Count(f.Type, "[]") {
		v = []any{v}
	}
	return v
}

func (s *sample) scalar(path, kind string, f spec.Field) any {
	s.n++
	n := 1_000_000 + s.n
	if isFlag(f) {
		s.flags[path] = f.Name
		return 1
	}
	text := strconv.Itoa(n)
	if strings.HasSuffix(f.Name, "date") && (kind == "string" || f.AltType != "") {
		text = DateOf(time.Unix(0, 0)).AddDays(s.n).String()
		n, _ = strconv.Atoi(strings.ReplaceAll(text, "-", ""))
	}
	s.want[path] = text
	if kind != "string" {
		return n
	}
	return text
}

// isFlag reports whether a number is a boolean by its documented values.
func isFlag(f spec.Field) bool {
	if len(f.Enum) == 0 || f.Type == "string" {
		return false
	}
	for _, v := range f.Enum {
		if v != "0" && v != "1" {
			return false
		}
	}
	return true
}

// finding collects what is in a result: the text of its scalars, and the JSON
// names of its fields.
type finding struct {
	values map[string]bool
	names  map[string]bool
	types  map[reflect.Type]bool
	isBool bool // the result itself is a boolean
	isList bool // the result itself is a slice, which knows its length
}

func (f *finding) walk(v reflect.Value) {
	if !v.IsValid() {
		return
	}
	if v.CanInterface() {
		if d, ok := v.Interface().(Date); ok {
			f.values[d.String()] = true
			return
		}
		if when, ok := v.Interface().(time.Time); ok {
			f.values[strconv.FormatInt(when.Unix(), 10)] = true
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		f.walk(v.Elem())
	case reflect.Struct:
		f.name(v.Type())
		for i := range v.NumField() {
			f.walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if raw, ok := v.Interface().([]byte); ok {
			f.json(raw)
			return
		}
		if raw, ok := v.Interface().(json.RawMessage); ok {
			f.json(raw)
			return
		}
		for i := range v.Len() {
			f.walk(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			f.walk(v.MapIndex(key))
		}
	case reflect.String:
		f.values[v.String()] = true
		f.json([]byte(v.String()))
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		f.values[strconv.FormatInt(v.Int(), 10)] = true
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		f.values[strconv.FormatUint(v.Uint(), 10)] = true
	case reflect.Float64, reflect.Float32:
		f.values[strconv.FormatFloat(v.Float(), 'f', -1, 64)] = true
	}
}

// json takes the scalars out of a JSON document that the result holds as text.
func (f *finding) json(data []byte) {
	if len(data) > 0 && (data[0] == '{' || data[0] == '[') {
		f.walk(reflect.ValueOf(decodeAny(data)))
	}
}

func (f *finding) name(t reflect.Type) {
	if f.types[t] {
		return
	}
	f.types[t] = true
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		f.names[name] = true
	}
}

// TestSecretsHaveTheTypeThatHidesThem looks through the exported types for fields
// that carry what opens something.
func TestSecretsHaveTheTypeThatHidesThem(t *testing.T) {
	secret := regexp.MustCompile(`json:"(access_token|refresh_token|secret|appsecret|auth_code|session_key)[",]`)
	files, err := fs.Glob(os.DirFS("."), "*.go")
	require.NoError(t, err)
	found := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			ast.Inspect(spec, func(n ast.Node) bool {
				if f, ok := n.(*ast.Field); ok && f.Tag != nil && secret.MatchString(f.Tag.Value) {
					found++
					assert.Equal(t, "Secret", fmt.Sprint(f.Type), "%s.%s", spec.Name, f.Names[0])
				}
				return true
			})
			return false
		})
	}
	assert.GreaterOrEqual(t, found, 4)
}
