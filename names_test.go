package wechat

import (
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// apiPackages are the packages whose exported names follow one set of rules.
var apiPackages = map[string]string{
	"wechat": ".", "callback": "callback", "wechattest": "wechattest",
	"storetest": "storetest", "tokenservice": "tokenservice", "wechatotel": "wechatotel",
}

// api is what a package exports, as it stands in the source.
type api struct {
	pkg   string
	files []*ast.File
	funcs []apiFunc
	types map[string]*ast.TypeSpec
	// fields are those of exported structs.
	fields []apiField
	consts []apiConst
}

// apiFunc is an exported function, a method of an exported type, or a method of an
// exported interface.
type apiFunc struct {
	name string // such as "wechat.Client.GetUser"
	own  string // such as "GetUser"
	typ  *ast.FuncType
}

// params visits the parameters; a variadic one has the type "...T".
func (f apiFunc) params(visit func(name, typ string)) { eachParam(f.typ.Params, visit) }

func eachParam(list *ast.FieldList, visit func(name, typ string)) {
	if list == nil {
		return
	}
	for _, p := range list.List {
		if len(p.Names) == 0 {
			visit("", source(p.Type))
		}
		for _, name := range p.Names {
			visit(name.Name, source(p.Type))
		}
	}
}

type apiField struct{ name, own, typ string }

type apiConst struct{ name, typ string }

// source returns the text of an expression.
func source(e ast.Expr) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), e); err != nil {
		panic(err)
	}
	return b.String()
}

func exportedAPI(t *testing.T) []*api {
	t.Helper()
	var all []*api
	for pkg, dir := range apiPackages {
		a := &api{pkg: pkg, types: map[string]*ast.TypeSpec{}}
		files, err := fs.Glob(os.DirFS(dir), "*.go")
		require.NoError(t, err)
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path.Join(dir, name), nil, 0)
			require.NoError(t, err)
			a.files = append(a.files, file)
			for _, d := range file.Decls {
				a.add(d)
			}
		}
		require.NotEmpty(t, a.funcs, pkg)
		all = append(all, a)
	}
	return all
}

func (a *api) add(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		a.addFunc(d)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if s, ok := s.(*ast.TypeSpec); ok && s.Name.IsExported() {
				a.addType(s)
			}
		}
		if d.Tok == token.CONST {
			a.addConsts(d)
		}
	}
}

func (a *api) addFunc(d *ast.FuncDecl) {
	if !d.Name.IsExported() {
		return
	}
	name := a.pkg + "."
	if d.Recv != nil {
		on := strings.TrimLeft(source(d.Recv.List[0].Type), "*")
		on, _, _ = strings.Cut(on, "[")
		if !token.IsExported(on) {
			return
		}
		name += on + "."
	}
	a.funcs = append(a.funcs, apiFunc{name: name + d.Name.Name, own: d.Name.Name, typ: d.Type})
}

func (a *api) addType(s *ast.TypeSpec) {
	a.types[s.Name.Name] = s
	at := a.pkg + "." + s.Name.Name
	switch t := s.Type.(type) {
	case *ast.InterfaceType:
		for _, m := range t.Methods.List {
			if f, ok := m.Type.(*ast.FuncType); ok && m.Names[0].IsExported() {
				a.funcs = append(a.funcs, apiFunc{name: at + "." + m.Names[0].Name, own: m.Names[0].Name, typ: f})
			}
		}
	case *ast.FuncType:
		a.funcs = append(a.funcs, apiFunc{name: at, own: s.Name.Name, typ: t})
	case *ast.StructType:
		for _, f := range t.Fields.List {
			for _, name := range f.Names {
				if name.IsExported() {
					a.fields = append(a.fields, apiField{at + "." + name.Name, name.Name, source(f.Type)})
				}
			}
		}
	}
}

func (a *api) addConsts(d *ast.GenDecl) {
	typ := ""
	for _, s := range d.Specs {
		v := s.(*ast.ValueSpec)
		if v.Type != nil || len(v.Values) > 0 {
			typ = ""
		}
		if v.Type != nil {
			typ = source(v.Type)
		}
		for _, name := range v.Names {
			if name.IsExported() && typ != "" {
				a.consts = append(a.consts, apiConst{name.Name, typ})
			}
		}
	}
}

// looseTypes hold whatever comes; a program has to take them apart itself.
var looseTypes = regexp.MustCompile(`\b(any|interface\{\}|json\.Number|json\.RawMessage)\b`)

// looseNames may have a loose type.
var looseNames = map[string]string{
	"wechat.Client.Do":                  "out is of the caller's type",
	"wechat.Request.Body":               "the body is of the caller's type",
	"wechat.Error.As":                   "the signature that errors.As asks for",
	"wechat.MedicalMessage.Info":        "the page documents other fields for each of 20 statuses",
	"wechat.NontaxVehicle.Package":      "is handed to a page as it is",
	"callback.PanicError.Value":         "what recover returns",
	"wechattest.Platform.Handle":        "answers with a value of the test's type",
	"wechattest.Platform.SetStatistics": "rows are of the type that the statistics have",
}

func TestNoSignatureHasALooseType(t *testing.T) {
	allowed := newExceptions(looseNames)
	for _, a := range exportedAPI(t) {
		check := func(name, typ string) {
			if looseTypes.MatchString(typ) && !allowed.has(name) {
				t.Errorf("%s: %s", name, typ)
			}
		}
		for _, f := range a.funcs {
			f.params(func(_, typ string) { check(f.name, typ) })
			eachParam(f.typ.Results, func(_, typ string) { check(f.name, typ) })
		}
		for _, f := range a.fields {
			check(f.name, f.typ)
		}
	}
	allowed.assertUsed(t)
}

// exceptions are names that may break a rule, with the reason. One that does not
// break it must not be listed.
type exceptions struct {
	reasons map[string]string
	used    map[string]bool
}

func newExceptions(reasons map[string]string) exceptions {
	return exceptions{reasons, map[string]bool{}}
}

func (e exceptions) has(name string) bool {
	e.used[name] = true
	return e.reasons[name] != ""
}

func (e exceptions) assertUsed(t *testing.T) {
	t.Helper()
	for name := range e.reasons {
		assert.True(t, e.used[name], "%s is an exception that is not needed", name)
	}
}

// errorCodes are types whose constants are errors: they begin with Err.
var errorCodes = []string{"Code", "CodeFamily"}

// enumPrefix returns how the constants of a type begin.
func enumPrefix(typ string) string {
	for _, tail := range []string{"Type", "Kind"} {
		if short, ok := strings.CutSuffix(typ, tail); ok && short != "" {
			return short
		}
	}
	return typ
}

func TestConstantsBeginWithTheirTypeAndWithNoOther(t *testing.T) {
	found := 0
	defer func() { assert.Greater(t, found, 50) }()
	for _, a := range exportedAPI(t) {
		enums := map[string]bool{}
		for _, c := range a.consts {
			if a.types[c.typ] != nil && !slices.Contains(errorCodes, c.typ) {
				enums[c.typ] = true
			}
		}
		found += len(enums)
		for _, c := range a.consts {
			if !enums[c.typ] {
				continue
			}
			if !beginsWith(c.name, c.typ) && !beginsWith(c.name, enumPrefix(c.typ)) {
				t.Errorf("%s.%s is a %s", a.pkg, c.name, c.typ)
			}
			for other := range enums {
				if other != c.typ && len(enumPrefix(other)) >= len(enumPrefix(c.typ)) && beginsWith(c.name, enumPrefix(other)) {
					t.Errorf("%s.%s is a %s and looks like a %s", a.pkg, c.name, c.typ, other)
				}
			}
		}
	}
}

// beginsWith reports whether the first words of a name are those of prefix.
func beginsWith(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && rest != "" && !unicode.IsLower(rune(rest[0]))
}

// allWithoutList iterate over something that no method lists in pages.
var allWithoutList = map[string]string{
	"AllFollowers":           "joins ListFollowerIDs and GetUsers",
	"AllFollowersInLanguage": "joins ListFollowerIDs and GetUsersInLanguage",
}

func TestEveryIteratorHasItsList(t *testing.T) {
	methods := map[string]bool{}
	for _, m := range clientMethods(t) {
		methods[m.name] = true
	}
	allowed := newExceptions(allWithoutList)
	for _, m := range clientMethods(t) {
		rest, isAll := strings.CutPrefix(m.name, "All")
		assert.Equal(t, m.iterator, isAll, m.name)
		if isAll && !methods["List"+rest] && !allowed.has(m.name) {
			t.Errorf("%s has no List%s", m.name, rest)
		}
	}
	allowed.assertUsed(t)
}

// words are the names of parameters. A rule applies to parameters whose type and
// name match, of functions whose name begins with in, and says what they are called.
var words = []struct{ in, types, names, want string }{
	{types: `context\.Context`, want: "ctx"},
	{types: `(wechat\.)?MediaType`, want: "mediaType"},
	{types: `(wechat\.)?Language`, want: "language"},
	{types: `(wechat\.)?File`, want: "file"},
	{types: `OCRImage`, want: "img"},
	{types: `io\.Writer`, want: "w"},
	{types: `[A-Z]\w+Request`, want: "req"},
	{types: `Date`, in: "wechat.Client.", want: "from|to|day"},
	{types: `time\.Duration`, in: "wechat.Client.", want: "ttl"},
	{types: `time\.Duration`, names: `life|lifetime|validity|expires|expiry`, want: "ttl"},
	{types: `string`, names: `open_?id|openId|oid|user|user(ID|Id)|toUser|follower|follower(ID|Id)|fan`, want: "openID"},
	{types: `(\[\]|\.\.\.)string`, names: `open_?ids|openIds|users|userIDs|toUsers|followers|followerIDs|ids`, want: "openIDs"},
	{types: `string`, names: `next|nextID|nextOpenId`, want: "nextOpenID"},
	{types: `string`, names: `addr|address|link|uri`, want: "url"},
	{types: `string`, names: `media|mediaId|fileID`, want: "mediaID"},
	{types: `string`, names: `tmpl|tmplID|tplID|template`, want: "templateID"},
	{types: `string`, names: `kf|kfAccount|agent`, want: "account"},
	{types: `int|int64`, names: `tag|tagId`, want: "tagID"},
	{types: `int|int64`, names: `business|bizID|businessId`, want: "businessID"},
	{types: `int|int64`, names: `msgid|messageID|jobID`, want: "msgID"},
	{types: `int|int64`, names: `begin|start|from`, in: "wechat.Client.", want: "offset"},
	{types: `int|int64`, names: `limit|size|num|number`, in: "wechat.Client.", want: "count"},
	{names: `lang`, want: "language"},
	{names: `idx|i`, want: "index"},
	{names: `pos`, want: "position"},
}

func TestOneThingHasOneNameAsAParameter(t *testing.T) {
	all := exportedAPI(t)
	for _, w := range words {
		types, names, want := whole(w.types), whole(w.names), whole(w.want)
		met := false
		for _, a := range all {
			for _, f := range a.funcs {
				f.params(func(name, typ string) {
					met = met || want.MatchString(name)
					switch {
					case name == "" || name == "_" || want.MatchString(name):
					case !strings.HasPrefix(f.name, w.in):
					case w.types != "" && !types.MatchString(typ), w.names != "" && !names.MatchString(name):
					default:
						t.Errorf("%s(%s %s) is not called %s", f.name, name, typ, w.want)
					}
				})
			}
		}
		if !met {
			t.Errorf("no parameter is called %s", w.want)
		}
	}
}

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// boolParams say yes or no, and nothing else.
var boolParams = map[string]string{
	"wechat.NewFlag": "makes a *Flag of a bool",
}

func TestNoParameterIsABool(t *testing.T) {
	allowed := newExceptions(boolParams)
	for _, a := range exportedAPI(t) {
		for _, f := range a.funcs {
			f.params(func(name, typ string) {
				if strings.TrimLeft(typ, "*.") == "bool" && !allowed.has(f.name) {
					t.Errorf("%s(%s %s)", f.name, name, typ)
				}
			})
		}
	}
	allowed.assertUsed(t)
}

// lists are variadic parameters that are the list that the function is about.
var lists = map[string]string{
	"wechat.Client.AddToBlacklist":      "openids",
	"wechat.Client.RemoveFromBlacklist": "openids",
	"wechat.Client.TagUsers":            "openids",
	"wechat.Client.UntagUsers":          "openids",
	"wechat.Client.CreateDraft":         "articles",
	"wechat.Client.UploadMassNews":      "articles",
	"wechat.Client.GetInvoices":         "invoices",
	"wechat.Client.SetInvoiceStatuses":  "invoices",
	"wechat.Client.GetQRCodeJumpRules":  "prefixes",
	"wechat.Client.SignPage":            "functions that the page may call",
	"wechat.WithOAuthRedirectURLs":      "pages",
	"wechat.NewMenu":                    "buttons",
	"wechat.SubMenu":                    "buttons",
	"callback.Handler.Use":              "middleware",
	"tokenservice.Only":                 "clients",
	"wechattest.WithRules":              "rules",
	"wechattest.Platform.SetStatistics": "rows",
}

// options are functional options, which a constructor takes.
var options = whole(`\.\.\.(\w+\.)?Option`)

func TestNoVariadicParameterIsOptional(t *testing.T) {
	allowed := newExceptions(lists)
	for _, a := range exportedAPI(t) {
		for _, f := range a.funcs {
			f.params(func(name, typ string) {
				if strings.HasPrefix(typ, "...") && !options.MatchString(typ) && !allowed.has(f.name) {
					t.Errorf("%s(%s %s)", f.name, name, typ)
				}
			})
		}
	}
	allowed.assertUsed(t)
}

// abbreviations are the platform's, which names spell out.
var abbreviations = map[string]string{
	"Addr": "Address", "Amt": "Amount", "Attr": "Attribute", "Btn": "Button", "Cnt": "Count", "Desc": "Description", "Ext": "Extension",
	"Idx": "Position", "Img": "Image", "Imgs": "Images", "Mch": "Merchant", "Num": "Count", "Pic": "Picture", "Pics": "Pictures",
	"Pwd": "Password", "Qty": "Quantity", "RID": "RequestID", "Str": "String", "Succ": "Success", "Tel": "Phone", "Tmpl": "Template",
	"Trans": "Transaction", "Txt": "Text", "Usr": "User",
}

// wordsOf splits a name: "SetKFStatus" is Set, KF and Status.
func wordsOf(name string) []string {
	var all []string
	start := 0
	runes := []rune(name)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			all = append(all, string(runes[start:i]))
			start = i
		}
	}
	return all
}

func TestNoExportedNameIsAnAbbreviation(t *testing.T) {
	check := func(at, name string) {
		all := wordsOf(name)
		for _, w := range all {
			if abbreviations[w] != "" {
				t.Errorf("%s: %s in place of %s", at, w, abbreviations[w])
			}
		}
		if len(all) > 1 && all[len(all)-1] == "No" {
			t.Errorf("%s: No in place of Number", at)
		}
	}
	for _, a := range exportedAPI(t) {
		for name := range a.types {
			check(a.pkg+"."+name, name)
		}
		for _, f := range a.funcs {
			check(f.name, f.own)
		}
		for _, f := range a.fields {
			check(f.name, f.own)
		}
		for _, c := range a.consts {
			check(a.pkg+"."+c.name, c.name)
		}
	}
}

func TestArgumentsOfErrorsHaveTheirNamesInGo(t *testing.T) {
	for _, a := range exportedAPI(t) {
		known := map[string]bool{}
		for name := range a.types {
			known[name] = true
		}
		for _, f := range a.funcs {
			known[f.own] = true
			f.params(func(name, _ string) { known[name] = true })
		}
		for _, f := range a.fields {
			known[f.own] = true
		}
		checkers := a.checkers()
		compared := 0
		for _, file := range a.files {
			ast.Inspect(file, func(n ast.Node) bool {
				for _, text := range argumentsIn(n, checkers) {
					for _, part := range identifiers.FindAllString(index.ReplaceAllString(text, ""), -1) {
						compared++
						if !known[part] {
							t.Errorf("%s: an error is about %q, and nothing is called %q", a.pkg, text, part)
						}
					}
				}
				return true
			})
		}
		switch a.pkg {
		case "wechattest", "storetest", "wechatotel":
		case "tokenservice":
			assert.Greater(t, compared, 8, a.pkg)
		default:
			assert.Greater(t, compared, 20, a.pkg)
		}
	}
}

var (
	identifiers = regexp.MustCompile(`\w+`)
	index       = regexp.MustCompile(`\[[^\]]*\]?`)
)

// checkers are the functions and methods that take the name of an argument first.
func (a *api) checkers() map[string]bool {
	found := map[string]bool{}
	for _, file := range a.files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || len(f.Type.Params.List) == 0 || len(f.Type.Params.List[0].Names) == 0 {
				continue
			}
			switch f.Type.Params.List[0].Names[0].Name {
			case "argument", "at":
				found[f.Name.Name] = true
			}
		}
	}
	return found
}

// argumentsIn returns the texts by which a node names an argument: the literals in
// the first argument of a call of a checker, and the field of an error.
func argumentsIn(n ast.Node, checkers map[string]bool) (texts []string) {
	var at ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		name := n.Fun
		if s, ok := name.(*ast.SelectorExpr); ok {
			name = s.Sel
		}
		if id, ok := name.(*ast.Ident); ok && checkers[id.Name] && len(n.Args) > 0 {
			at = n.Args[0]
		}
	case *ast.CompositeLit:
		id, ok := n.Type.(*ast.Ident)
		if s, of := n.Type.(*ast.SelectorExpr); of && s.Sel.Name == "ArgumentError" {
			id, ok = s.Sel, true
		}
		if ok && strings.HasSuffix(id.Name, "Error") && len(n.Elts) > 0 {
			at = n.Elts[0]
		}
	}
	if at == nil {
		return nil
	}
	ast.Inspect(at, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			texts = append(texts, strings.ReplaceAll(text, "%s", ""))
		}
		return true
	})
	return texts
}
