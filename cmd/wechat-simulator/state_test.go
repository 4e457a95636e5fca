package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
	"github.com/wechatoa/wechat/internal/testlog"
	"github.com/wechatoa/wechat/wechattest"
)

// stateOf runs a program for a moment and returns what it read from its environment.
func stateOf(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := runs(t, t.Context(), append(args, "sh", "-c", "echo $WECHAT_APP_ID $WECHAT_APP_SECRET $WECHAT_TOKEN $WECHAT_ORIGINAL_ID")...)
	require.Zero(t, code, stderr)
	return stdout
}

func TestSimulatorContinuesWithItsStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	first := stateOf(t, "-state", file)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode())
	assert.Equal(t, first, stateOf(t, "-state", file), "account and callback are the same")

	set := settings{addr: "127.0.0.1:0", stateFile: file, pushTimeout: time.Second}
	set.callback.Mode = wechattest.CallbackModeSafe
	s, err := newSimulator(t.Context(), set, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	alice := add(t, s, obj{"openid": "o-alice", "nickname": "Alice"})
	does(t, s, "POST", alice+"/messages", obj{"type": "text", "content": "hi"})
	require.NoError(t, s.current().Client().SendCustomMessage(t.Context(), wechat.SendCustomMessageRequest{
		OpenID: "o-alice", Message: wechat.TextMessage{Content: "see you"},
	}))
	does(t, s, "PATCH", "/simulator/clock", obj{"advance_s": 3600})
	require.NoError(t, s.Close())

	s = start(t, func(set *settings) { set.stateFile = file })
	assert.Equal(t, "Alice", does(t, s, "GET", "/simulator/followers/o-alice", nil)["nickname"])
	chat := does(t, s, "GET", alice+"/chat", nil)["items"].([]any)
	require.Len(t, chat, 1, "what she has received")
	assert.Equal(t, "see you", chat[0].(obj)["message"].(obj)["content"])
	assert.InDelta(t, 3600, does(t, s, "GET", "/simulator/clock", nil)["offset_s"], 5)
	does(t, s, "POST", "/simulator/reset", nil)
	assert.Equal(t, strings.Fields(first)[0], s.current().AppID, "a reset keeps the account")
}

func TestFlagsForTheCallbackWinOverTheStateFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	first := strings.Fields(stateOf(t, "-state", file, "-mode", "plain", "-callback", "http://127.0.0.1:1/"))
	second := strings.Fields(stateOf(t, "-state", file, "-token", "another", "-appid", first[0], "-secret", first[1]))
	assert.Equal(t, []string{first[0], first[1], "another", first[3]}, second)

	p := wechattest.NewPlatform()
	defer p.Close()
	require.NoError(t, p.RestoreStateFile(file))
	assert.Equal(t, wechattest.CallbackModePlain, p.CallbackSettings().Mode, "which was not set again")
	assert.Equal(t, "http://127.0.0.1:1/", p.CallbackSettings().URL)
	assert.Equal(t, "another", p.CallbackSettings().Token)
}

func TestStateFileThatCannotBeUsedIsReportedAndLeftAsItIs(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.json")
	stateOf(t, "-state", good)
	data, err := os.ReadFile(good)
	require.NoError(t, err)
	for name, tt := range map[string]struct {
		content string
		args    []string
		says    string
	}{
		"damaged":         {string(data[:len(data)/2]), nil, "damaged state"},
		"another version": {strings.Replace(string(data), `"version":2`, `"version":7`, 1), nil, "state of another version"},
		"empty":           {"", nil, "state.json is empty"},
		"other notes":     {"buy milk", nil, "damaged state"},
		"another account": {string(data), []string{"-appid", "wx1"}, "-appid: the account in "},
		"another secret":  {string(data), []string{"-secret", "s3cr3t"}, "-secret: the account in "},
		"a bad token":     {string(data), []string{"-token", "!"}, "Token"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "state.json")
			require.NoError(t, os.WriteFile(file, []byte(tt.content), 0o600))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			code, stdout, stderr := runs(t, ctx, append(tt.args, "-addr", "127.0.0.1:0", "-state", file)...)
			assert.Equal(t, exitFailure, code)
			assert.Contains(t, stderr, tt.says)
			assert.NotContains(t, stderr, "s3cr3t")
			assert.NotContains(t, stderr, "wechattest:")
			assert.Empty(t, stdout)
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, tt.content, string(after))
		})
	}
	code, _, stderr := runs(t, t.Context(), "-state", filepath.Join(dir, "absent", "state.json"), "true")
	assert.Equal(t, exitFailure, code, "it is told at the start, not at the end")
	assert.Contains(t, stderr, "-state: the directory "+filepath.Join(dir, "absent")+" does not exist")
}

func TestStateIsSavedWhenItHasChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "state.json")
		p := wechattest.NewPlatform()
		defer p.Close()
		var log testlog.Output
		s, err := newStateSaver(file, nil, func() *wechattest.Platform { return p }, log.Logger())
		require.NoError(t, err)
		passes := func() []byte {
			time.Sleep(saveInterval)
			synctest.Wait()
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			return data
		}
		first := passes()
		info, err := os.Stat(file)
		require.NoError(t, err)
		passes()
		same, err := os.Stat(file)
		require.NoError(t, err)
		assert.True(t, os.SameFile(info, same), "nothing has changed: nothing is written")

		p.AddUser(wechattest.User{OpenID: "alice"})
		assert.NotEqual(t, first, passes())
		require.NoError(t, os.RemoveAll(filepath.Dir(file)))
		p.AddUser(wechattest.User{OpenID: "bob"})
		time.Sleep(saveInterval)
		synctest.Wait()
		assert.Contains(t, log.String(), "the state was not saved")
		require.Error(t, s.Close(), "the last save fails too")
		require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
	})
}

func TestSimulatorsOnOneStateFileLoseNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "state.json")
		var log testlog.Output
		var savers []*stateSaver
		var platforms []*wechattest.Platform
		for range 3 {
			p := wechattest.NewPlatform()
			defer p.Close()
			known, err := readState(file)
			require.NoError(t, err)
			_, err = settings{}.restoreState(p, known)
			require.NoError(t, err)
			s, err := newStateSaver(file, known, func() *wechattest.Platform { return p }, log.Logger())
			require.NoError(t, err)
			savers, platforms = append(savers, s), append(platforms, p)
		}
		assert.Empty(t, log.String(), "nothing has changed yet")
		for i, name := range []string{"alice", "bob", "carol"} {
			platforms[i].AddUser(wechattest.User{OpenID: name})
			time.Sleep(saveInterval)
			synctest.Wait()
		}
		platforms[2].AddUser(wechattest.User{OpenID: "dave"})
		for _, s := range savers {
			require.NoError(t, s.Close())
		}
		files, err := filepath.Glob(file + "*")
		require.NoError(t, err)
		require.Len(t, files, 3)
		assert.Equal(t, 2, strings.Count(log.String(), "another program has changed the file"))
		for i, want := range [][]string{{"alice"}, {"bob"}, {"carol", "dave"}} {
			p := wechattest.NewPlatform()
			defer p.Close()
			require.NoError(t, p.RestoreStateFile(savers[i].file))
			var got []string
			for _, f := range p.Followers() {
				got = append(got, f.OpenID)
			}
			assert.Equal(t, want, got)
			info, err := os.Stat(savers[i].file)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())
		}
	})
}
