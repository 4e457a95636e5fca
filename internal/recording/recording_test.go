package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const head = `{"format":"wechattest recording","version":1,"upstream":"https://api.weixin.qq.com"}` + "\n"

func TestWhatIsWrittenIsRead(t *testing.T) {
	all := []*Exchange{
		{Method: "GET", Path: "/cgi-bin/token", Query: url.Values{"appid": {"redacted-appid-1"}}, Status: 200, Response: &Body{Type: "application/json", Size: 2, JSON: json.RawMessage(`{}`)}},
		{Method: "POST", Path: "/p", Request: &Body{Type: "text/plain", Size: 7, Text: "<a&b>"}, Status: 500},
		{Method: "POST", Path: "/f", Request: &Body{Size: 9, Parts: []Part{{Name: "media", File: true, Ext: ".png", Size: 7}}}, Status: 200},
	}
	var file bytes.Buffer
	require.NoError(t, Begin(&file, "https://api.weixin.qq.com"))
	for _, e := range all {
		require.NoError(t, Append(&file, e))
	}
	lines := strings.SplitAfter(file.String(), "\n")
	require.Len(t, lines, 5, "one for the header and each exchange, and nothing after the last")
	post := `{"method":"POST","path":"/p","request":{"type":"text/plain","size":7,"text":"<a&b>"},"status":500}` + "\n"
	assert.Equal(t, []string{head, post}, []string{lines[0], lines[2]})
	got, err := Read(&file)
	require.NoError(t, err)
	assert.Equal(t, all, got)
}

func TestARecordingWithoutExchangesIsOne(t *testing.T) {
	got, err := Read(strings.NewReader(head))
	require.NoError(t, err)
	assert.Empty(t, got)
}

func TestWhatIsNoRecordingOfThisVersionIsRefused(t *testing.T) {
	for name, file := range map[string]string{
		"empty":           "",
		"no JSON":         "hello\n",
		"another format":  strings.Replace(head, "wechattest recording", "something else", 1),
		"another version": strings.Replace(head, `"version":1`, `"version":2`, 1),
		"without header":  `{"method":"GET","path":"/p","status":200}` + "\n",
		"no exchange":     head + "{\n",
		"long line":       head + `{"method":"GET","path":"/` + strings.Repeat("x", maxLine) + "\"}\n",
	} {
		got, err := Read(strings.NewReader(file))
		require.ErrorIs(t, err, ErrFormat, name)
		assert.Nil(t, got, name)
	}
	_, err := Read(strings.NewReader(strings.Replace(head, `"version":1`, `"version":2`, 1) + "an exchange of that version"))
	require.EqualError(t, err, ErrFormat.Error(), "which nobody reads")
	_, err = Read(strings.NewReader(head + `{"method":"GET","path":"/p","status":200}` + "\n{\n"))
	require.ErrorContains(t, err, "line 3: ")
}

func TestAnErrorOfAFileIsNotThatOfItsFormat(t *testing.T) {
	broken := errors.New("broken disk")
	_, err := Read(iotest.ErrReader(broken))
	require.Equal(t, broken, err)
	assert.Equal(t, broken, Begin(brokenWriter{broken}, "https://api.weixin.qq.com"))
	assert.Equal(t, broken, Append(brokenWriter{broken}, &Exchange{}))
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

// longestExchange returns an exchange whose line is as long as one may be.
func longestExchange(t *testing.T) *Exchange {
	t.Helper()
	e := &Exchange{Method: "GET", Path: "/p", Status: 200, Response: &Body{Type: "text/plain", Text: "x"}}
	line, err := json.Marshal(e)
	require.NoError(t, err)
	e.Response.Text = strings.Repeat("x", 1+maxLine-len(line))
	return e
}

func TestTheLongestLineIsWrittenAndReadAndALongerOneRefused(t *testing.T) {
	var file bytes.Buffer
	require.NoError(t, Begin(&file, "https://api.weixin.qq.com"))
	longest := longestExchange(t)
	require.NoError(t, Append(&file, longest))
	require.Equal(t, len(head)+maxLine+1, file.Len())
	written := file.Len()
	tooLong := *longest
	tooLong.Method = "POST"
	require.ErrorContains(t, Append(&file, &tooLong), "more than 8388608 bytes")
	require.Error(t, Append(&file, &Exchange{Request: &Body{JSON: json.RawMessage("{")}}))
	assert.Equal(t, written, file.Len())
	all, err := Read(&file)
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, longest.Response.Text, all[0].Response.Text)
}
