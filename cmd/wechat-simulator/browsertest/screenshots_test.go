package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat"
)

// TestScreenshots writes the pictures of the READMEs: the chat, and the console.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("pictures are only written with -screenshots")
	}
	s := startSimulator(t)
	first := open(t, s, inSize(1280, 820))
	first.see(".welcome", "")
	first.click("#tab-setup")
	first.shoot("simulator-welcome")
	p := startShop(t, s)
	for _, other := range []struct{ openID, nickname, text string }{
		{"oAlice", "Alice", "hello"}, {"oLilei", "李雷", "在吗"}, {"oHan", "韩梅梅", "谢谢！"}, {"oBob", "Bob", "thanks"}, {"oXiaohong", "小红", "周末营业吗？"},
	} {
		s.post("followers", map[string]any{"openid": other.openID, "nickname": other.nickname})
		s.post("followers/"+other.openID+"/messages", map[string]string{"type": "text", "content": other.text})
	}
	const openID, patient = "oXiaoming-1024", "oWang-patient"
	s.post("followers", map[string]any{"openid": openID, "nickname": "小明", "not_following": true})
	s.post("followers", map[string]any{"openid": patient, "nickname": "王芳"})
	require.NoError(t, p.client.CreateMenu(t.Context(), wechat.NewMenu(wechat.ClickButton("今日推荐", "TODAY"),
		wechat.SubMenu("我的", wechat.ClickButton("订单", "ORDERS"), wechat.ViewButton("会员中心", "https://example.com/me")), wechat.ViewButton("商城", "https://example.com"))))

	w := open(t, s, inLanguage("zh-CN"), inSize(1280, 820))
	w.clickText(".row-title", "小明")
	w.click("#subscribe")
	w.see(".bubble", "欢迎光临")
	w.click("#swap")
	w.say("我的订单到哪了？")
	w.see(".bubble", "查到了")
	p.notify(openID)
	w.see(".card-template", "手冲咖啡壶")
	w.click("#swap")
	w.shoot("simulator-chat")

	w.click("#swap")
	w.say("优惠")
	w.clickText(".answer", "新品")
	w.see(".card-news", "本周新品")
	w.click("#edit-profile")
	w.see("dialog", "")
	w.shoot("simulator-profile")
	w.press(kb.Escape)
	w.click("#more-button")
	w.shoot("simulator-more")
	for _, tab := range []string{"setup", "tokens", "quotas", "faults", "clock"} {
		w.click("#tab-" + tab)
		w.see("#panel-"+tab, "")
		w.shoot("simulator-" + tab)
	}

	w.clickText(".row-title", "王芳")
	w.click("#swap")
	w.say("在吗？")
	w.see(".note", "没有在规定时间内回应")
	s.do(http.MethodDelete, "tokens", nil, nil)
	p.notify(openID)
	w.click("#tab-log")
	w.clickText(".entry-name", "text 王芳")
	w.see(".detail", "投递 3 次")
	w.shoot("simulator-console")
	w.run(inDark())
	w.shoot("simulator-dark")
}

// shoot writes a picture of the window if the flag says so.
func (w *window) shoot(name string) {
	w.t.Helper()
	if *screenshots == "" {
		return
	}
	data, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	require.NoError(w.t, err)
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(w.t, err)
	var compact bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(w.t, encoder.Encode(&compact, paletted(picture)))
	require.NoError(w.t, os.WriteFile(filepath.Join(*screenshots, name+".png"), compact.Bytes(), 0o644))
}

// paletted returns a picture with its 256 most frequent colors, which takes a third of
// the space.
func paletted(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	count := map[color.Color]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[picture.At(x, y)]++
		}
	}
	palette := color.Palette{}
	for c := range count {
		palette = append(palette, c)
	}
	slices.SortFunc(palette, func(a, b color.Color) int { return count[b] - count[a] })
	palette = palette[:min(len(palette), 256)]
	out := image.NewPaletted(bounds, palette)
	nearest := map[color.Color]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := picture.At(x, y)
			index, known := nearest[c]
			if !known {
				index = uint8(palette.Index(c))
				nearest[c] = index
			}
			out.SetColorIndex(x, y, index)
		}
	}
	return out
}
