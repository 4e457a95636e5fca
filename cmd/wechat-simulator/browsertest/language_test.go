package browsertest

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestPageSpeaksBothLanguages(t *testing.T) {
	s := startSimulator(t)
	p := startProgram(t, s)
	p.connect(s)
	s.addFollower("Alice")

	w := open(t, s, inLanguage("zh-CN"))
	w.see("h1", "公众号模拟器")
	w.until("document.documentElement.lang === 'zh-CN' && document.title === '公众号模拟器'")
	w.say("hi")
	w.see(".via", "被动回复")
	w.fill("#message", "not sent yet")
	w.click("[data-language=en]")
	w.see("h1", "Official Account simulator")
	w.see(".via", "Reply")
	w.until("document.documentElement.lang === 'en' && document.querySelector('#message').value === 'not sent yet'")
	w.run(chromedp.Reload())
	w.see("h1", "Official Account simulator")

	w = open(t, s, inLanguage("fr-FR"))
	w.see("h1", "Official Account simulator")
	w.click("[data-language=zh]")
	w.see("[role=tab]", "日志")
}

func TestNarrowScreenShowsOnePanelAtATime(t *testing.T) {
	s := startSimulator(t)
	startProgram(t, s).connect(s)
	s.addFollower("Alice")
	w := open(t, s)
	w.run(chromedp.EmulateViewport(390, 780, chromedp.EmulateMobile))
	w.see(".chat-title", "Alice")
	w.until("!document.querySelector('.console').checkVisibility() && document.documentElement.scrollWidth <= innerWidth")
	w.say("hi")
	w.see(".item-theirs .bubble", "收到：hi")
	w.shoot("narrow-chat")
	w.clickText(".views button", "Console")
	w.see(".log .entry-name", "text")
	w.until("!document.querySelector('.chat').checkVisibility() && document.documentElement.scrollWidth <= innerWidth")
	w.shoot("narrow-console")
	w.clickText(".views button", "Followers")
	w.clickText(".row-title", "Alice")
	w.see(".chat-title", "Alice")
}

func TestPageIsUsedWithTheKeyboard(t *testing.T) {
	s := startSimulator(t)
	startProgram(t, s).connect(s)
	s.addFollower("Alice")
	s.addFollower("Bob")
	w := open(t, s)
	evaluate[chromedp.Void](w, "document.querySelector('.followers [role=listbox]').focus()")
	w.press(kb.ArrowDown)
	w.see(".chat-title", "Bob")
	evaluate[chromedp.Void](w, "document.querySelector('#message').focus()")
	w.press("typed")
	w.press(kb.Enter)
	w.see(".item-theirs .bubble", "收到：typed")
	evaluate[chromedp.Void](w, "document.querySelector('#tab-log').focus()")
	w.press(kb.ArrowRight)
	w.until("document.activeElement.id === 'tab-setup' && document.querySelector('#panel-setup').checkVisibility()")
	evaluate[chromedp.Void](w, "document.querySelector('#edit-profile').focus()")
	w.press(kb.Enter)
	w.see("dialog h2", "Edit the profile")
	w.press(kb.Escape)
	w.until("document.querySelector('dialog') === null && document.activeElement.id === 'edit-profile'")
}
