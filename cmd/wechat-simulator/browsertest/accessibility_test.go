package browsertest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// violation is something that axe-core finds.
type violation struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML string `json:"html"`
		Why  string `json:"failureSummary"`
	} `json:"nodes"`
}

func TestPageIsAccessible(t *testing.T) {
	s := startSimulator(t)
	axe, err := os.ReadFile(filepath.Join(packages(t), "axe-core", "axe.min.js"))
	require.NoError(t, err)
	p := startShop(t, s)
	openID := s.addFollower("Alice")
	require.NoError(t, p.client.CreateMenu(t.Context(), wechat.NewMenu(wechat.SubMenu("更多", wechat.ClickButton("关于", "ABOUT")))))

	for _, look := range []struct {
		name    string
		prepare []action
	}{{"light", nil}, {"dark", []action{inDark()}}} {
		t.Run(look.name, func(t *testing.T) {
			w := open(t, s, look.prepare...)
			evaluate[chromedp.Void](w, string(axe))
			w.click("#swap")
			w.say("优惠")
			w.see(".answer", "新品")
			p.notify(openID)
			w.see(".card-template", "手冲咖啡壶")
			w.check("chat")
			w.click("#swap")
			w.clickText(".menu-button", "更多")
			w.check("menu")
			w.click(".log .row")
			w.see(".detail h3", "")
			w.check("log")
			for _, tab := range []string{"setup", "tokens", "quotas", "faults", "clock"} {
				w.click("#tab-" + tab)
				w.check(tab)
			}
			w.click("#edit-profile")
			w.check("profile")
		})
	}
}

// check lets axe-core look at the page.
func (w *window) check(state string) {
	w.t.Helper()
	found := evaluate[[]violation](w, "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)")
	for _, v := range found {
		if v.Impact != "serious" && v.Impact != "critical" {
			w.t.Logf("%s: %s: %s", state, v.Impact, v.Help)
			continue
		}
		nodes, err := json.MarshalIndent(v.Nodes, "", "  ")
		require.NoError(w.t, err)
		w.t.Errorf("%s: %s: %s (%s)\n%s", state, v.Impact, v.Help, v.ID, strings.ReplaceAll(string(nodes), `\n`, "\n"))
	}
}
