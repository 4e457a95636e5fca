package wechat

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```")
	codeSpan  = regexp.MustCompile("`[^`\n]+`")
	heading   = regexp.MustCompile(`(?m)^#+ `)
	tableRow  = regexp.MustCompile(`(?m)^\|`)
	ourName   = regexp.MustCompile("`[*&]?(?:wechat\\.|callback\\.|wechattest\\.|Config\\.)?([A-Z][a-z]+[A-Za-z]*)(?:\\(.*\\))?`")
	localLink = regexp.MustCompile(`\]\(([^):# ]*)(?:#([^): ]+))?\)`)
)

// documents are the READMEs and the guides in English, with their twins in Chinese.
func documents(t *testing.T) map[string]string {
	t.Helper()
	twins := map[string]string{"README.md": "README.zh-CN.md"}
	for _, pattern := range []string{"docs/*.md", "docs/zh/*.md"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			base := filepath.Base(name)
			twins["docs/"+base] = "docs/zh/" + base
		}
	}
	require.Greater(t, len(twins), 4)
	return twins
}

func allDocuments(t *testing.T) (names []string) {
	t.Helper()
	for english, chinese := range documents(t) {
		names = append(names, english, chinese)
	}
	slices.Sort(names)
	return names
}

func readDocument(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Clean(name))
	require.NoError(t, err)
	return string(data)
}

// goBlock is a block of Go in a document.
type goBlock struct {
	document string
	line     int // of its first line
	code     string
}

func goBlocks(t *testing.T, name string) (blocks []goBlock) {
	t.Helper()
	text := readDocument(t, name)
	for _, at := range codeBlock.FindAllStringSubmatchIndex(text, -1) {
		if text[at[2]:at[3]] == "go" {
			blocks = append(blocks, goBlock{name, strings.Count(text[:at[4]], "\n") + 1, text[at[4]:at[5]]})
		}
	}
	return blocks
}

// packages are what blocks may use without an import, as a reader's editor adds them.
var packages = map[string]string{
	"assert": "github.com/stretchr/testify/assert", "bytes": "bytes", "callback": "github.com/wechatoa/wechat/callback", "cmp": "cmp",
	"context": "context", "errors": "errors", "fmt": "fmt", "http": "net/http", "httpmock": "github.com/jarcoal/httpmock",
	"httptest": "net/http/httptest", "httputil": "net/http/httputil", "io": "io", "json": "encoding/json", "log": "log", "net": "net",
	"os": "os", "regexp": "regexp", "slices": "slices", "require": "github.com/stretchr/testify/require", "slog": "log/slog", "strings": "strings",
	"synctest": "testing/synctest", "testing": "testing", "time": "time", "tokenservice": "github.com/wechatoa/wechat/tokenservice", "url": "net/url", "wechat": "github.com/wechatoa/wechat",
	"wechattest": "github.com/wechatoa/wechat/wechattest",
}

// variables are what blocks of statements may use without saying where it comes from.
var variables = map[string]string{
	"client": "*wechat.Client", "ctx": "context.Context", "h": "*callback.Handler", "handler": "*callback.Handler",
	"listener": "net.Listener", "openID": "string", "server": "*http.Server", "appID": "string",

	"clients": "*wechat.Clients", "store": "wechat.TokenStore", "dedupe": "callback.DedupeStore", "shopKey": "wechat.Secret", "reportsKey": "wechat.Secret",
	"lookUp":        "func(context.Context, string) (wechat.Secret, error)",
	"credentialsOf": "func(context.Context, string) (callback.Credentials, error)",
}

// file returns the block as a file of package guide, and the variables that it
// expects there: declarations as they are, statements in a function.
func (b goBlock) file(t *testing.T) (source string, expects []string) {
	t.Helper()
	at := fmt.Sprintf("//line %s:%d\n", filepath.Base(b.document), b.line)
	code := at + b.code
	f, err := parser.ParseFile(token.NewFileSet(), "", "package guide\n"+code, 0)
	if err != nil {
		code = "func _() error {\n" + code + "return nil\n}\n"
		f, err = parser.ParseFile(token.NewFileSet(), "", "package guide\n"+code, 0)
	}
	require.NoError(t, err, "%s:%d", b.document, b.line)

	imported := map[string]bool{}
	for _, unknown := range f.Unresolved {
		if _, ok := packages[unknown.Name]; ok {
			imported[unknown.Name] = true
		} else if _, ok := variables[unknown.Name]; ok {
			expects = append(expects, unknown.Name)
		}
	}
	return "package guide\n" + imports(imported) + code, expects
}

func imports(names map[string]bool) string {
	var s strings.Builder
	for name := range names {
		fmt.Fprintf(&s, "import %q\n", packages[name])
	}
	return s.String()
}

// TestTheCodeOfTheDocumentsWorks compiles all blocks of Go as they stand, and runs the
// tests among them. The blocks of a document are one package, so that one may use what
// another declares; a block with a package clause is a program of its own.
func TestTheCodeOfTheDocumentsWorks(t *testing.T) {
	root, err := os.MkdirTemp(".", "_docs") //nolint:usetesting // it must be inside the module
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	var dirs, tested []string
	write := func(dir, name, source string) {
		dir = filepath.Join(root, dir)
		if !slices.Contains(dirs, "./"+dir) {
			require.NoError(t, os.Mkdir(dir, 0o700))
			dirs = append(dirs, "./"+dir)
		}
		if strings.Contains(source, "*testing.T)") {
			name += "_test"
			tested = append(tested, "./"+dir)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".go"), []byte(source), 0o600))
	}

	for i, document := range allDocuments(t) {
		if strings.HasSuffix(document, "fleet.md") || strings.HasSuffix(document, "observability.md") {
			continue // redisstore and wechatotel compile them
		}
		dir, prelude := fmt.Sprintf("d%d", i), map[string]bool{}
		for n, block := range goBlocks(t, document) {
			if strings.HasPrefix(block.code, "package ") {
				write(fmt.Sprintf("%sb%d", dir, n), "main", fmt.Sprintf("//line %s:%d\n%s", filepath.Base(document), block.line, block.code))
				continue
			}
			source, expects := block.file(t)
			for _, name := range expects {
				prelude[name] = true
			}
			write(dir, fmt.Sprintf("block%d", n), source)
		}
		if len(prelude) > 0 {
			write(dir, "prelude", declare(prelude))
		}
	}

	out, err := exec.CommandContext(t.Context(), "go", append([]string{"vet", "-unreachable=false"}, dirs...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), "go", append([]string{"test"}, slices.Compact(tested)...)...).CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

// declare returns a file with variables.
func declare(names map[string]bool) string {
	var s strings.Builder
	imported := map[string]bool{}
	for name := range names {
		for _, pkg := range regexp.MustCompile(`(\w+)\.`).FindAllStringSubmatch(variables[name], -1) {
			imported[pkg[1]] = true
		}
		fmt.Fprintf(&s, "var %s %s\n", name, variables[name])
	}
	return "package guide\n" + imports(imported) + s.String()
}

func TestTheReadmeBeginsWithAShortProgram(t *testing.T) {
	blocks := goBlocks(t, "README.md")
	require.NotEmpty(t, blocks)
	assert.True(t, strings.HasPrefix(blocks[0].code, "package main"))
	assert.LessOrEqual(t, strings.Count(blocks[0].code, "\n"), 22)
}

func TestTheDocumentsNameWhatThereIs(t *testing.T) {
	declared := declarations(t)
	declared["ArticleUrlResult"] = true // an element of a push
	for _, document := range allDocuments(t) {
		text := codeBlock.ReplaceAllString(readDocument(t, document), "")
		if strings.Contains(document, "migrate-") {
			text = ourCalls(text)
		}
		for _, found := range ourName.FindAllStringSubmatch(text, -1) {
			assert.True(t, declared[found[1]], "%s names %s", document, found[1])
		}
	}
}

// ourCalls returns the second cells of tables with two: their call, ours.
func ourCalls(text string) string {
	var ours []string
	for _, row := range strings.Split(text, "\n") {
		if cells := strings.Split(row, "|"); len(cells) == 4 {
			ours = append(ours, cells[2])
		}
	}
	return strings.Join(ours, "\n")
}

// declarations returns the names that the packages of the project declare.
func declarations(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if entry.IsDir() && entry.Name() == "foreign" {
			return fs.SkipDir
		}
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names[n.Name.Name] = true
				return false
			case *ast.TypeSpec:
				names[n.Name.Name] = true
			case *ast.ValueSpec:
				for _, v := range n.Names {
					names[v.Name] = true
				}
			case *ast.Field:
				for _, v := range n.Names {
					names[v.Name] = true
				}
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	return names
}

func TestTheLinksOfTheDocumentsWork(t *testing.T) {
	for _, document := range append(allDocuments(t), "CONTRIBUTING.md", "SECURITY.md") {
		for _, link := range localLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(readDocument(t, document), ""), -1) {
			target := document
			if link[1] != "" {
				target = filepath.Join(filepath.Dir(document), link[1])
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s links to %s: %v", document, link[1], err)
				continue
			}
			if link[2] != "" {
				assert.Contains(t, anchors(readDocument(t, target)), link[2], "%s links to %s", document, link[1])
			}
		}
	}
}

// anchors returns the names by which links reach the headings of a text.
func anchors(text string) (names []string) {
	for _, line := range strings.Split(text, "\n") {
		if title := strings.TrimLeft(line, "#"); title != line {
			names = append(names, strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
					return unicode.ToLower(r)
				}
				return -1
			}, strings.TrimSpace(title)))
		}
	}
	return names
}

// TestBothLanguagesSayTheSame compares what can be compared: the code but for its
// comments and texts, the headings and tables, and the names in the prose.
func TestBothLanguagesSayTheSame(t *testing.T) {
	for english, chinese := range documents(t) {
		one, two := readDocument(t, english), readDocument(t, chinese)
		assert.Equal(t, codeOf(one), codeOf(two), english)
		one, two = codeBlock.ReplaceAllString(one, ""), codeBlock.ReplaceAllString(two, "")
		assert.Equal(t, heading.FindAllString(one, -1), heading.FindAllString(two, -1), "headings of %s", english)
		assert.Len(t, tableRow.FindAllString(two, -1), len(tableRow.FindAllString(one, -1)), "rows of %s", english)
		assert.Empty(t, without(spans(one), spans(two)), "names that %s has and %s has not", english, chinese)
		assert.Empty(t, without(spans(two), spans(one)), "names that %s has and %s has not", chinese, english)
	}
}

// codeOf returns the blocks of a document without comments and texts.
func codeOf(text string) (blocks []string) {
	comment := regexp.MustCompile(`\s*#.*|\s+//.*`)
	quoted := regexp.MustCompile(`"[^"\n]*"`)
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		switch block[1] {
		case "go":
			blocks = append(blocks, tokens(block[2]))
		case "":
			blocks = append(blocks, "")
		default:
			blocks = append(blocks, quoted.ReplaceAllString(comment.ReplaceAllString(block[2], ""), `""`))
		}
	}
	return blocks
}

func tokens(code string) string {
	var all []string
	var s scanner.Scanner
	s.Init(token.NewFileSet().AddFile("", -1, len(code)), []byte(code), nil, 0)
	for {
		_, tok, text := s.Scan()
		switch {
		case tok == token.EOF:
			return strings.Join(all, " ")
		case tok == token.STRING || text == "":
			text = tok.String()
		}
		all = append(all, text)
	}
}

// spans returns the names in the prose of a document.
func spans(text string) []string {
	all := codeSpan.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

// without returns what is in all and not in others.
func without(all, others []string) (left []string) {
	for _, s := range all {
		if !slices.Contains(others, s) {
			left = append(left, s)
		}
	}
	return left
}
