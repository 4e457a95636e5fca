package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheSidebarHas196Endpoints(t *testing.T) {
	sidebar := 0
	for _, e := range All() {
		if e.Sidebar {
			sidebar++
		}
	}
	assert.Equal(t, 196, sidebar)
}

func TestEveryRowIsComplete(t *testing.T) {
	kinds := []string{"string", "integer", "number", "boolean", "object", "file"}
	for _, e := range All() {
		where := e.Method + " " + e.Path
		assert.Contains(t, []string{"GET", "POST"}, e.Method, where)
		assert.True(t, strings.HasPrefix(e.Path, "/"), where)
		assert.True(t, strings.HasPrefix(e.Doc, "/doc/"), where)
		assert.Contains(t, []string{"access_token", "secret", "oauth_token", "none"}, e.Auth, where)
		assert.Contains(t, []string{"json", "multipart", "binary-response", "text-body", "redirect"}, e.Content, where)
		assert.Contains(t, []string{"current", "deprecated"}, e.Status, where)
		for _, fields := range [][]Field{e.Query, e.Request, e.Response} {
			Walk(fields, func(path string, f Field) {
				assert.NotEmpty(t, f.Name, where)
				assert.True(t, slices.Contains(kinds, strings.TrimRight(f.Type, "[]")), "%s %s: type %q", where, path, f.Type)
			})
		}
	}
}

func TestRowsWithOnePathDifferInAnEnumOfTheQuery(t *testing.T) {
	rows := Find("GET", "/publisher/stat")
	require.Len(t, rows, 3)
	actions := map[string]bool{}
	for _, r := range rows {
		require.Equal(t, "action", r.Query[0].Name)
		actions[r.Query[0].Enum[0]] = true
	}
	assert.Len(t, actions, 3)
}

func TestFindMatchesMethodAndPath(t *testing.T) {
	assert.Len(t, Find("POST", "/cgi-bin/menu/create"), 1)
	assert.Len(t, Find("", "/cgi-bin/menu/create"), 1)
	assert.Empty(t, Find("GET", "/cgi-bin/menu/create"))
	assert.Empty(t, Find("POST", "/cgi-bin/menu"))
}

func TestAllHandsOutItsOwnSlice(t *testing.T) {
	All()[0].Path = "changed"
	assert.NotEqual(t, "changed", All()[0].Path)
}

func TestPushesHaveTheirContentBeforeTheMessageID(t *testing.T) {
	content := map[string][]string{
		"text": {"Content"}, "image": {"PicUrl", "MediaId"}, "voice": {"MediaId", "Format"}, "video": {"MediaId", "ThumbMediaId"},
		"location": {"Location_X", "Location_Y", "Scale", "Label"}, "link": {"Title", "Description", "Url"},
	}
	for kind, names := range content {
		p, ok := FindPush(kind, "")
		require.True(t, ok, kind)
		assert.Equal(t, names, p.Elements[:len(names)], kind)
		assert.Less(t, slices.Index(p.Elements, names[len(names)-1]), slices.Index(p.Elements, "MsgId"), kind)
	}
	for _, p := range Pushes() {
		seen := map[string]bool{}
		for _, name := range p.Elements {
			assert.False(t, seen[name], "%s %s: %s is there twice", p.Type, p.Event, name)
			seen[name] = true
		}
		if at := slices.Index(p.Elements, "MsgId"); at >= 0 {
			for _, name := range p.Elements[at+1:] { // the last two are inside HardWare
				assert.Contains(t, []string{"bizmsgmenuid", "MsgDataId", "Idx", "MessageView", "MessageAction"}, name, "%s %s", p.Type, p.Event)
			}
		}
	}
}

func TestFindPushIgnoresTheCaseOfEvents(t *testing.T) {
	p, ok := FindPush("event", "scan")
	assert.True(t, ok)
	assert.Equal(t, "SCAN", p.Event)
	_, ok = FindPush("event", "nothing")
	assert.False(t, ok)
}

func TestOtherMethodsAreNotThoseOfThePage(t *testing.T) {
	found := 0
	for _, e := range All() {
		for _, method := range e.Also {
			found++
			assert.Contains(t, []string{"GET", "POST"}, method, e.Path)
			assert.NotEqual(t, e.Method, method, e.Path)
		}
	}
	assert.Equal(t, 7, found)
}
