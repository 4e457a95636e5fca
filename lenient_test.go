package wechat

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wechatoa/wechat/internal/spec"
)

// leanCall is a call with no more than what the page of its endpoint demands, or
// with what its example leaves out although the page demands it.
type leanCall struct {
	http string
	call func(ctx context.Context, c *Client) error
}

var leanCalls = []leanCall{
	{"POST /cgi-bin/menu/create", func(ctx context.Context, c *Client) error {
		return c.CreateMenu(ctx, NewMenu(SubMenu("多", ClickButton("好", "k"))))
	}},
	{"POST /cgi-bin/menu/create", func(ctx context.Context, c *Client) error { // 24 bytes at the top, as in the page's example
		return c.CreateMenu(ctx, NewMenu(ArticleLinkButton("发布后的图文消息", "A1")))
	}},
	{"POST /cgi-bin/menu/create", func(ctx context.Context, c *Client) error {
		return c.CreateMenu(ctx, NewMenu(MediaButton("图", "M1")))
	}},
	{"POST /cgi-bin/menu/create", func(ctx context.Context, c *Client) error {
		return c.CreateMenu(ctx, NewMenu(ClickButton(strings.Repeat("菜", 20), "k"))) // 60 bytes
	}},
	{"POST /cgi-bin/user/info/updateremark", func(ctx context.Context, c *Client) error {
		return c.SetRemark(ctx, "o1", strings.Repeat("甲", 10)) // 30 bytes
	}},
	{"POST /cgi-bin/tags/create", func(ctx context.Context, c *Client) error {
		_, err := c.CreateTag(ctx, strings.Repeat("长", 30))
		return err
	}},
	{"POST /cgi-bin/draft/add", func(ctx context.Context, c *Client) error {
		_, err := c.CreateDraft(ctx, DraftArticle{Title: strings.Repeat("题", 64), Digest: strings.Repeat("摘", 128), Content: "文", ThumbMediaID: "M1"})
		return err
	}},
	{"POST /cgi-bin/menu/addconditional", func(ctx context.Context, c *Client) error {
		_, err := c.AddConditionalMenu(ctx, NewMenu(SubMenu("多", ClickButton("好", "k"))), MatchRule{TagID: 100})
		return err
	}},
	{"POST /cgi-bin/menu/addconditional", func(ctx context.Context, c *Client) error {
		_, err := c.AddConditionalMenu(ctx, NewMenu(ViewButton("页", "https://example.com/")), MatchRule{Platform: ClientPlatformIOS})
		return err
	}},
	{"POST /cgi-bin/media/uploadnews", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMassNews(ctx, MassArticle{Title: "题", Content: "文", ThumbMediaID: "M1"})
		return err
	}},
	{"POST /cgi-bin/message/mass/send", func(ctx context.Context, c *Client) error {
		_, err := c.SendMassToUsers(ctx, SendMassToUsersRequest{OpenIDs: []string{"o1", "o2"}, Message: TextMessage{Content: "好"}})
		return err
	}},
	{"POST /cgi-bin/message/subscribe/bizsend", func(ctx context.Context, c *Client) error {
		return c.SendSubscribeMessage(ctx, SubscribeMessage{OpenID: "o1", TemplateID: "T1", Data: TemplateData{}.Set("thing8", "二十个字也放不下的一个名字在测试号里也能发")})
	}},
	{"POST /cgi-bin/message/template/send", func(ctx context.Context, c *Client) error {
		_, err := c.SendTemplateMessage(ctx, TemplateMessage{OpenID: "o1", TemplateID: "T1", Data: TemplateData{}.Set("short_thing1", "好")})
		return err
	}},
	{"POST /cgi-bin/template/api_add_template", func(ctx context.Context, c *Client) error {
		_, err := c.AddTemplate(ctx, AddTemplateRequest{ShortID: "TM00015"})
		return err
	}},
	{"POST /cgi-bin/message/template/subscribe", func(ctx context.Context, c *Client) error {
		return c.SendOneTimeMessage(ctx, OneTimeMessage{OpenID: "o1", TemplateID: "T1", Title: "题", Content: "好"})
	}},
	{"POST /cgi-bin/message/custom/send", func(ctx context.Context, c *Client) error {
		return c.SendCustomMessage(ctx, SendCustomMessageRequest{OpenID: "o1", Message: VideoMessage{MediaID: "M1"}})
	}},
	{"GET /cgi-bin/customservice/getonlinekflist", func(ctx context.Context, c *Client) error {
		_, err := c.ListOnlineKFAccounts(ctx, 0)
		return err
	}},
	{"POST /customservice/kfaccount/add", func(ctx context.Context, c *Client) error {
		return c.CreateKFAccount(ctx, CreateKFAccountRequest{Account: "test1@test", Nickname: "客服1"})
	}},
	{"POST /customservice/kfaccount/del", func(ctx context.Context, c *Client) error {
		return c.DeleteKFAccount(ctx, DeleteKFAccountRequest{Account: "test1@test"})
	}},
	{"POST /customservice/msgrecord/getmsglist", func(ctx context.Context, c *Client) error {
		at := time.Unix(987654321, 0)
		_, err := c.ListMessageRecords(ctx, ListMessageRecordsRequest{From: at, To: at, Count: 10_000})
		return err
	}},
	{"POST /cgi-bin/draft/add", func(ctx context.Context, c *Client) error {
		_, err := c.CreateDraft(ctx, DraftArticle{Title: "题", Content: "文", ThumbMediaID: "M1"})
		return err
	}},
	{"POST /cgi-bin/draft/add", func(ctx context.Context, c *Client) error {
		_, err := c.CreateDraft(ctx, pictureArticle())
		return err
	}},
	{"POST /cgi-bin/draft/update", func(ctx context.Context, c *Client) error {
		return c.UpdateDraft(ctx, "M1", 0, DraftArticle{Title: "题", Content: "文", ThumbMediaID: "M1"})
	}},
	{"POST /cgi-bin/comment/reply/add", func(ctx context.Context, c *Client) error {
		return c.ReplyToComment(ctx, CommentRef{MsgDataID: 1}, "谢谢")
	}},
	{"POST /cgi-bin/user/info/batchget", func(ctx context.Context, c *Client) error {
		_, err := c.GetUsers(ctx, []string{"o1"})
		return err
	}},
	{"GET /cgi-bin/user/get", func(ctx context.Context, c *Client) error { _, err := c.ListFollowerIDs(ctx, ""); return err }},
	{"POST /cgi-bin/user/tag/get", func(ctx context.Context, c *Client) error {
		_, err := c.ListTagFollowerIDs(ctx, 134, "")
		return err
	}},
	{"POST /cgi-bin/tags/members/getblacklist", func(ctx context.Context, c *Client) error {
		_, err := c.ListBlacklist(ctx, "")
		return err
	}},
	{"POST /cgi-bin/wxopen/qrcodejumpadd", func(ctx context.Context, c *Client) error {
		return c.AddQRCodeJumpRule(ctx, "wx2", QRCodeJumpRule{Prefix: "https://example.com/q", PagePath: "pages/index"})
	}},
	{"GET /sns/userinfo", func(ctx context.Context, c *Client) error { _, err := c.GetOAuthUser(ctx, "token", "o1"); return err }},
	{"POST /cgi-bin/media/voice/addvoicetorecofortext", func(ctx context.Context, c *Client) error {
		return c.SubmitVoice(ctx, SubmitVoiceRequest{VoiceID: "v1", Voice: File{Name: "a.mp3", Content: strings.NewReader("ID3")}})
	}},
	{"POST /cgi-bin/media/voice/queryrecoresultfortext", func(ctx context.Context, c *Client) error {
		_, err := c.GetVoiceText(ctx, "v1", "")
		return err
	}},
	{"POST /cv/ocr/idcard", func(ctx context.Context, c *Client) error {
		_, err := c.RecognizeIDCard(ctx, OCRImageURL(pictureURL), "")
		return err
	}},
	{"POST /intp/marketcode/applycodequery", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCodeOrder(ctx, 581865877, "")
		return err
	}},
	{"POST /intp/marketcode/applycodequery", func(ctx context.Context, c *Client) error {
		_, err := c.GetItemCodeOrder(ctx, 0, "testid124")
		return err
	}},
	{"POST /cityservice/sendchannelmsg", func(ctx context.Context, c *Client) error { // the example's status is 0, its content empty
		return c.SendMedicalMessage(ctx, MedicalMessage{OpenID: "o1", OrderID: "order1", ID: "msg1", Info: struct{}{}})
	}},
	{"POST /wxa/apply_merchant", func(ctx context.Context, c *Client) error {
		return c.CreateStoreMiniProgram(ctx, CreateStoreMiniProgramRequest{
			FirstCategoryID: 476, SecondCategoryID: 477, AvatarMediaID: "M1", Nickname: "四个汉字", Introduction: "介绍",
		})
	}},
	{"POST /wxa/create_map_poi", func(ctx context.Context, c *Client) error {
		_, err := c.CreateMapPOI(ctx, CreateMapPOIRequest{
			Name: "店", Longitude: 113.3, Latitude: 23.1, Province: "广东省", City: "广州市", District: "海珠区", Address: "TIT", Category: "类目1:类目2",
			Phone: "12345678901", Photo: "https://example.com/p", License: "https://example.com/l", Introduction: "test", DistrictID: 440105,
		})
		return err
	}},
	{"POST /wxa/add_store", func(ctx context.Context, c *Client) error { // without hours, as in the page's example
		_, err := c.CreateStore(ctx, CreateStoreRequest{
			MapPOIID: "2880741500279549033", Photos: StorePhotos{"https://example.com/p"}, Phone: "1111222222", Credential: "22883878-0",
		})
		return err
	}},
	{"POST /wxa/update_store", func(ctx context.Context, c *Client) error {
		_, err := c.UpdateStore(ctx, UpdateStoreRequest{
			POIID: "472671857", Photos: StorePhotos{"https://example.com/p"}, Phone: "123456", Hours: "10:00-21:00",
		})
		return err
	}},
	{"POST /nontax/queryfee", func(ctx context.Context, c *Client) error {
		_, err := c.GetNontaxFee(ctx, GetNontaxFeeRequest{NoticeNumber: "440204190185356", DepartmentCode: "143605002004", RegionCode: "440000"})
		return err
	}},
	{"POST /nontax/unifiedorder", func(ctx context.Context, c *Client) error { // neither scene nor time, as in the page's example
		_, err := c.CreateNontaxOrder(ctx, CreateNontaxOrderRequest{
			NontaxPayment: leanNontaxPayment, OpenID: "o1", ReturnURL: "https://example.com/", IP: "203.0.113.9",
		})
		return err
	}},
	{"POST /nontax/unifiedorder", func(ctx context.Context, c *Client) error {
		_, err := c.CreateNontaxOrder(ctx, CreateNontaxOrderRequest{
			NontaxPayment: leanNontaxPayment, IP: "203.0.113.9", Scene: NontaxSceneMiniProgram, TradeType: NontaxTradeMWEB,
		})
		return err
	}},
	{"POST /nontax/unifiedorder", func(ctx context.Context, c *Client) error {
		p := leanNontaxPayment
		p.NoticeNumber, p.OrderNumber = "", "N1"
		_, err := c.CreateNontaxOrder(ctx, CreateNontaxOrderRequest{NontaxPayment: p, IP: "203.0.113.9", Scene: NontaxSceneMiniProgram, OpenID: "o1"})
		return err
	}},
	{"POST /nontax/getorder", func(ctx context.Context, c *Client) error { _, err := c.GetNontaxOrder(ctx, "AQCA", 0); return err }},
	{"POST /nontax/refund", func(ctx context.Context, c *Client) error {
		_, err := c.RefundNontaxOrder(ctx, RefundNontaxOrderRequest{OrderID: "AQCA", Reason: "重复缴费"})
		return err
	}},
	{"POST /nontax/downloadbill", func(ctx context.Context, c *Client) error {
		_, err := c.DownloadNontaxBill(ctx, DownloadNontaxBillRequest{MerchantID: "1900016021", Date: aDay}, io.Discard)
		return err
	}},
	{"POST /nontax/micropay", func(ctx context.Context, c *Client) error { // blanks around both numbers, as in the page's example
		p := leanNontaxPayment
		p.NoticeNumber, p.NoticeCreateTime = " 08111639088", unix(1500967298)
		_, err := c.PayNontaxByCode(ctx, PayNontaxByCodeRequest{NontaxPayment: p, AuthCode: " 134971951305811268"})
		return err
	}},
	{"POST /nontax/micropay", func(ctx context.Context, c *Client) error {
		p := leanNontaxPayment
		p.NoticeNumber, p.OrderNumber = "", "N1"
		_, err := c.PayNontaxByCode(ctx, PayNontaxByCodeRequest{NontaxPayment: p, AuthCode: "134971951305811268"})
		return err
	}},
	{"POST /nontax/getorderlist", func(ctx context.Context, c *Client) error {
		_, err := c.ListNontaxOrderIDs(ctx, ListNontaxOrderIDsRequest{RegionCode: "340000", DepartmentCode: "065080906", NoticeNumber: "N1"})
		return err
	}},
	{"POST /nontax/getorderlist", func(ctx context.Context, c *Client) error {
		_, err := c.ListNontaxOrderIDs(ctx, ListNontaxOrderIDsRequest{RegionCode: "340000", DepartmentCode: "065080906", OrderNumber: "N1"})
		return err
	}},
	{"POST /card/invoice/getauthurl", func(ctx context.Context, c *Client) error {
		_, err := c.GetInvoiceAuthURL(ctx, GetInvoiceAuthURLRequest{
			PlatformID: "d3JC", OrderID: "1234", Money: 11, Source: InvoiceSourceApp, Ticket: "t",
		})
		return err
	}},
	{"POST /card/invoice/rejectinsert", func(ctx context.Context, c *Client) error {
		return c.RejectInvoice(ctx, RejectInvoiceRequest{PlatformID: "d3JC", OrderID: "111229", Reason: "1234"})
	}},
	{"POST /card/invoice/biz/getusertitleurl", func(ctx context.Context, c *Client) error { // 10 characters, as in the page's example
		_, err := c.GetInvoiceTitleURL(ctx, GetInvoiceTitleURLRequest{Title: "用户抬头", TaxNumber: "1486715052", Phone: "12345"})
		return err
	}},
	{"POST /card/invoice/biz/getusertitleurl", func(ctx context.Context, c *Client) error {
		_, err := c.GetInvoiceTitleURL(ctx, GetInvoiceTitleURLRequest{FilledByUser: true})
		return err
	}},
	{"POST /card/invoice/biz/getselecttitleurl", func(ctx context.Context, c *Client) error {
		_, err := c.GetInvoiceTitleChoiceURL(ctx, "", "")
		return err
	}},
	{"POST /card/invoice/platform/createcard", func(ctx context.Context, c *Client) error {
		_, err := c.CreateInvoiceCard(ctx, InvoiceCard{Base: InvoiceCardBase{LogoURL: "https://example.com/l", Title: "公司"}, Payee: "收款方", Type: "发票"})
		return err
	}},
	{"POST /card/invoice/platform/createcard", func(ctx context.Context, c *Client) error { // as wide as 9 Chinese letters
		_, err := c.CreateInvoiceCard(ctx, InvoiceCard{Base: InvoiceCardBase{LogoURL: "https://example.com/l", Title: "Example Store Ltd."}, Payee: "收款方", Type: "发票"})
		return err
	}},
	{"POST /card/invoice/insert", func(ctx context.Context, c *Client) error { // no check code, as in the page's example
		_, err := c.InsertInvoice(ctx, someOrder, InvoiceData{
			InvoiceContent: InvoiceContent{Fee: 123, Title: "发票", BillingTime: unix(1468306058), BillingNumber: "4545145712", BillingCode: "4541212454512"},
			PDFMediaID:     "M1",
		})
		return err
	}},
	{"POST /card/invoice/makeoutinvoice", func(ctx context.Context, c *Client) error {
		return c.IssueInvoice(ctx, IssueInvoiceRequest{
			OpenID: "o1", OrderID: "1", Serial: "s", SellerTaxNumber: "1", SellerName: "店", Drawer: "明", Total: "1", Amount: "1", Tax: "0",
			Lines: []IssueInvoiceLine{{Type: InvoiceLineNormal, Name: "物", Amount: "1"}},
		})
	}},
	{"POST /nontax/vehicle/querystate", func(ctx context.Context, c *Client) error {
		_, err := c.GetNontaxVehicle(ctx, GetNontaxVehicleRequest{RegionCode: "440000", Scene: VehicleSceneParking})
		return err
	}},
	{"POST /nontax/vehicle/entrancenotify", func(ctx context.Context, c *Client) error {
		_, err := c.NotifyNontaxEntrance(ctx, NotifyNontaxEntranceRequest{
			RegionCode: "440000", Scene: VehicleSceneParking, Entrance: VehicleEntrance{StartTime: unix(1542351485), PlateNumber: "粤B888888"},
		})
		return err
	}},
	{"POST /nontax/vehicle/payapply", func(ctx context.Context, c *Client) error { // no plate, as in the page's example
		_, err := c.ChargeNontaxVehicle(ctx, ChargeNontaxVehicleRequest{
			Description: "测试", Fee: 1, NoticeNumber: "1111111111", DepartmentCode: "222222", DepartmentName: "单位", Scene: VehicleSceneParkingSpace,
			Visit: VehicleVisit{StartTime: unix(1542351485)},
		})
		return err
	}},
	{"POST /nontax/vehicle/payapply", func(ctx context.Context, c *Client) error {
		_, err := c.ChargeNontaxVehicle(ctx, ChargeNontaxVehicleRequest{
			Description: "测试", Fee: 1, OrderNumber: "N1", DepartmentCode: "222222", DepartmentName: "单位", Scene: VehicleSceneParkingSpace,
			Visit: VehicleVisit{StartTime: unix(1542351485), PlateNumber: "粤B888888"},
		})
		return err
	}},
	{"POST /nontax/getbillauthurl", func(ctx context.Context, c *Client) error {
		_, err := c.GetFiscalAuthURL(ctx, GetFiscalAuthURLRequest{TreasuryID: "d3JC", OrderID: "1234", Money: 11, Source: InvoiceSourceApp, Ticket: "t"})
		return err
	}},
	{"POST /cgi-bin/media/uploadvideo", func(ctx context.Context, c *Client) error {
		_, err := c.UploadMassVideo(ctx, "M1", "", "")
		return err
	}},
	{"POST /datacube/getarticletotaldetail", func(ctx context.Context, c *Client) error { // a span, of which the page speaks
		_, err := c.ListArticleDetails(ctx, aDay, aDay.AddDays(29))
		return err
	}},
	{"POST /datacube/getupstreammsghour", func(ctx context.Context, c *Client) error { // two days, as in the page's older example
		_, err := c.ListUpstreamHours(ctx, aDay, aDay.AddDays(1))
		return err
	}},
}

var leanNontaxPayment = NontaxPayment{
	Description: "测试缴费", Fee: 2, NoticeNumber: "08111639088", DepartmentCode: "1", DepartmentName: "test", RegionCode: "440000",
	Items: []NontaxItem{{Position: 1, ID: "103050101200", Name: "测试缴费2", Fee: 2}},
}

// alwaysSent are optional fields that are sent with the value that they have without,
// or that only the page's example has, around fields that its table demands.
var alwaysSent = map[string][]string{
	"POST /cgi-bin/stable_token":              {"force_refresh"},
	"POST /cgi-bin/menu/create":               {"button.type"}, // of the buttons in a sub-menu
	"POST /cgi-bin/menu/addconditional":       {"button.type"},
	"POST /cgi-bin/message/mass/sendall":      {"filter.is_to_all"},
	"POST /cgi-bin/draft/batchget":            {"no_content"},
	"POST /cgi-bin/freepublish/batchget":      {"no_content"},
	"POST /cgi-bin/comment/open":              {"index"},
	"POST /cgi-bin/comment/close":             {"index"},
	"POST /cgi-bin/comment/list":              {"index"},
	"POST /cgi-bin/comment/markelect":         {"index"},
	"POST /cgi-bin/comment/unmarkelect":       {"index"},
	"POST /cgi-bin/comment/delete":            {"index"},
	"POST /cgi-bin/comment/reply/add":         {"index"},
	"POST /cgi-bin/comment/reply/delete":      {"index"},
	"POST /cgi-bin/tags/members/getblacklist": {"begin_openid"},
	"POST /cgi-bin/qrcode/create":             {"action_info.scene"},
	"POST /intp/marketcode/codeactive":        {"wxa_type"},
	"POST /nontax/unifiedorder":               {"items.overdue"},
	"POST /nontax/micropay":                   {"items.overdue"},
	"POST /nontax/insertbill": {
		"card_ext.nonce_str", "card_ext.user_card.invoice_user_data", "card_ext.user_card.invoice_user_data.fee",
		"card_ext.user_card.invoice_user_data.title", "card_ext.user_card.invoice_user_data.billing_time",
		"card_ext.user_card.invoice_user_data.billing_no", "card_ext.user_card.invoice_user_data.billing_code",
		"card_ext.user_card.invoice_user_data.s_pdf_media_id",
	},
	"POST /cgi-bin/open/create": {"appid"}, // the account's own
	"POST /cgi-bin/open/get":    {"appid"},
	"POST /cgi-bin/open/bind":   {"appid"},
	"POST /cgi-bin/open/unbind": {"appid"},

	"POST /card/invoice/biz/getusertitleurl": {"user_fill"},
	"POST /card/invoice/platform/getpdf":     {"action"},
	"POST /cityservice/sendchannelmsg":       {"business_info"},
}

func TestNoExampleOfAPageIsRefused(t *testing.T) {
	for _, lean := range leanCalls {
		c, seen := wireRow{}.client(answer(http.StatusOK, wireOK))
		require.NoError(t, lean.call(t.Context(), c), lean.http)
		assert.Equal(t, lean.http, seen.Method+" "+seen.URL.Path)
	}
}

// TestNoOptionalFieldIsDemanded holds the local checks against the pages: for each
// field that a page does not demand there is a call that works without it.
func TestNoOptionalFieldIsDemanded(t *testing.T) {
	calls := slices.Clone(leanCalls)
	for _, r := range rows {
		calls = append(calls, leanCall{r.http, func(ctx context.Context, c *Client) error { _, err := r.call(ctx, c); return err }})
	}
	sent := map[string][]map[string]bool{}
	for _, lean := range calls {
		c, seen := wireRow{}.client(answer(http.StatusOK, wireOK))
		_ = lean.call(t.Context(), c) // rows are tested with answers of their own
		require.NotNil(t, seen.Request, lean.http)
		fields := map[string]bool{}
		for name := range seen.URL.Query() {
			fields[name] = true
		}
		addSent(t, fields, seen)
		key := seen.Method + " " + seen.URL.Path
		sent[key] = append(sent[key], fields)
	}
	optional := 0
	for _, e := range spec.All() {
		key := e.Method + " " + e.Path
		eachOptional("", slices.Concat(e.Query, e.Request), false, func(path string) {
			optional++
			without := slices.ContainsFunc(sent[key], func(fields map[string]bool) bool { return !fields[path] })
			assert.True(t, without || len(sent[key]) == 0 || slices.Contains(alwaysSent[key], path), "%s: every call sends %s", key, path)
		})
	}
	assert.Greater(t, optional, 200)
}

// eachOptional visits the fields that a page does not demand.
func eachOptional(prefix string, fields []spec.Field, inside bool, visit func(path string)) {
	for _, f := range fields {
		optional := inside || !f.Required
		if optional {
			visit(prefix + f.Name)
		}
		eachOptional(prefix+f.Name+".", f.Fields, optional, visit)
	}
}
