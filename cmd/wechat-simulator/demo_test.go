package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const xiaoming = "/simulator/followers/o-demo-xiaoming"

func TestDemoProgramAnswersTheFirstMessage(t *testing.T) {
	s := start(t, func(set *settings) { set.demo = true })
	says := func(text string) obj {
		return does(t, s, "POST", xiaoming+"/messages", obj{"type": "text", "content": text})
	}
	for range 2 {
		require.Eventually(t, func() bool { return does(t, s, "GET", xiaoming, nil)["menu"] != nil }, 5*time.Second, time.Millisecond)
		assert.Equal(t, true, does(t, s, "GET", "/simulator/callback", nil)["status"].(obj)["verified"])
		assert.Contains(t, says("hi")["reply"].(obj)["content"], "hi")
		assert.Equal(t, "news", says("news")["reply"].(obj)["type"])
		says("template")
		says("菜单")
		messages := does(t, s, "GET", xiaoming+"/messages", nil)["messages"].([]any)
		require.Len(t, messages, 4, "%v", messages)
		assert.Equal(t, "template", messages[2].(obj)["via"])
		assert.Equal(t, "msgmenu", messages[3].(obj)["type"])
		does(t, s, "POST", "/simulator/reset", nil) // and starts over
	}
	assert.Contains(t, does(t, s, "POST", xiaoming+"/events", obj{"event": "subscribe"})["reply"].(obj)["content"], "欢迎")
	assert.Equal(t, "news", does(t, s, "POST", xiaoming+"/events", obj{"event": "CLICK", "key": "today"})["reply"].(obj)["type"])
}

func TestDemoProgramShowsWhatDefectsLookLike(t *testing.T) {
	s := start(t, func(set *settings) { set.demo, set.pushTimeout = true, time.Second })
	for text, reason := range map[string]string{"timeout": "timeout", "出错": "format"} {
		report := does(t, s, "POST", xiaoming+"/messages", obj{"type": "text", "content": text})
		assert.Equal(t, "unavailable", report["seen"])
		assert.Equal(t, reason, report["reason"])
	}
}

func TestDemoProgramSendsAMessageLaterAndFollowsTheSettings(t *testing.T) {
	s := start(t, func(set *settings) { set.demo = true })
	does(t, s, "PATCH", "/simulator/callback", obj{"token": "another", "aes_key": strings.Repeat("k", 43), "mode": "compatible", "verify": true})
	assert.Equal(t, "reply", does(t, s, "POST", xiaoming+"/messages", obj{"type": "text", "content": "service"})["seen"])
	require.Eventually(t, func() bool {
		messages := does(t, s, "GET", xiaoming+"/messages", nil)["messages"].([]any)
		return len(messages) == 2 && messages[1].(obj)["via"] == "customer service"
	}, 10*time.Second, 10*time.Millisecond)
}

func TestDemoIsAProgramOfItsOwn(t *testing.T) {
	for _, args := range [][]string{{"-demo", "sh"}, {"-demo", "-callback", "http://localhost/"}, {"-password", "12345678"}, {"-allow-remote", "-password", "short"}} {
		code, _, stderr := runs(t, t.Context(), args...)
		assert.Equal(t, exitUsage, code, args)
		assert.NotEmpty(t, stderr, args)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, stdout, stderr := runs(t, ctx, "-demo", "-addr", "127.0.0.1:0")
	assert.Zero(t, code)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "演示程序")
}

func TestPasswordIsPrintedAndSetForTheCommand(t *testing.T) {
	t.Setenv(passwordVariable, "")
	code, stdout, _ := runs(t, t.Context(), "-allow-remote", "-addr", "127.0.0.1:0", "sh", "-c", "echo $"+passwordVariable)
	assert.Zero(t, code)
	assert.GreaterOrEqual(t, len(strings.TrimSpace(stdout)), 20, "random")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv(passwordVariable, "from the environment")
	code, stdout, stderr := runs(t, t.Context(), "true")
	assert.Equal(t, exitUsage, code, "it would be ignored")
	assert.Contains(t, stderr, "$"+passwordVariable+" need -allow-remote")
	assert.Empty(t, stdout)
	_, stdout, _ = runs(t, ctx, "-allow-remote", "-addr", "127.0.0.1:0")
	assert.Contains(t, stdout, "Password 密码: from the environment\n")
}
