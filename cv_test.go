package wechat

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	pictureURL  = "https://example.com/p.jpg?a=1&b=2"
	pictureSent = "img_url=https%3A%2F%2Fexample.com%2Fp.jpg%3Fa%3D1%26b%3D2"
	areaJSON    = `{"left_top":{"x":1,"y":2.5},"right_top":{"x":3,"y":4},"right_bottom":{"x":5,"y":6},"left_bottom":{"x":7,"y":8}}`
)

var (
	pictureArea = ImageArea{
		LeftTop: ImagePoint{X: 1, Y: 2.5}, RightTop: ImagePoint{X: 3, Y: 4},
		RightBottom: ImagePoint{X: 5, Y: 6}, LeftBottom: ImagePoint{X: 7, Y: 8},
	}
	pictureSize = ImageSize{Width: 966, Height: 728}
)

func picture() OCRImage {
	return OCRImageFile(File{Name: "p.jpg", Content: strings.NewReader("PIXELS")})
}

func pictureForm(values url.Values) func(*testing.T, string, []byte) {
	return multipartWith("img", "p.jpg", "PIXELS", values)
}

var _ = wireRows([]wireRow{
	{
		name: "CropImage/file", http: "POST /cv/img/aicrop", form: pictureForm(url.Values{"ratios": {"1,2.35"}}),
		reply: `{"results":[{"crop_left":112,"crop_top":0,"crop_right":839,"crop_bottom":727}],"img_size":{"w":966,"h":728}}`,
		call: result(func(ctx context.Context, c *Client) (*ImageCrops, error) {
			return c.CropImage(ctx, picture(), []float64{1, 2.35})
		}),
		want: &ImageCrops{Crops: []ImageCrop{{Left: 112, Right: 839, Bottom: 727}}, Size: pictureSize},
	},
	{
		name: "CropImage/address with ratios", http: "POST /cv/img/aicrop", query: pictureSent,
		form: func(t *testing.T, contentType string, body []byte) {
			_, boundary, ok := strings.Cut(contentType, "boundary=")
			require.True(t, ok)
			assert.Equal(t, "--"+boundary+"\r\nContent-Disposition: form-data; name=\"ratios\"\r\n\r\n1\r\n--"+boundary+"--\r\n", string(body))
		},
		call: result(func(ctx context.Context, c *Client) (*ImageCrops, error) {
			return c.CropImage(ctx, OCRImageURL(pictureURL), []float64{1})
		}),
		want: &ImageCrops{},
	},
	{
		name: "CropImage/address", http: "POST /cv/img/aicrop", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*ImageCrops, error) {
			return c.CropImage(ctx, OCRImageURL(pictureURL), nil)
		}),
		want: &ImageCrops{},
	},
	{
		name: "RecognizeCodes/file", http: "POST /cv/img/qrcode", form: pictureForm(nil),
		reply: `{"code_results":[{"type_name":"QR_CODE","data":"http://example.com","pos":` + areaJSON + `},{"type_name":"EAN_13","data":"5906789678957"}],"img_size":{"w":966,"h":728}}`,
		call: result(func(ctx context.Context, c *Client) (*ImageCodes, error) {
			return c.RecognizeCodes(ctx, picture())
		}),
		want: &ImageCodes{
			Codes: []ImageCode{
				{Type: ImageCodeQR, Data: "http://example.com", Area: &pictureArea},
				{Type: ImageCodeEAN13, Data: "5906789678957"},
			},
			Size: pictureSize,
		},
	},
	{
		name: "RecognizeCodes/address", http: "POST /cv/img/qrcode", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*ImageCodes, error) {
			return c.RecognizeCodes(ctx, OCRImageURL(pictureURL))
		}),
	},
	{
		name: "RecognizeIDCard/file", http: "POST /cv/ocr/idcard", query: "type=photo", form: pictureForm(nil),
		reply: `{"type":"Front","name":"张三","id":"000000000000000000","addr":"某市某路1号","gender":"男","nationality":"汉"}`,
		call: result(func(ctx context.Context, c *Client) (*IDCard, error) {
			return c.RecognizeIDCard(ctx, picture(), OCRModePhoto)
		}),
		want: &IDCard{Side: IDCardSideFront, Name: "张三", ID: "000000000000000000", Address: "某市某路1号", Sex: "男", Ethnicity: "汉"},
	},
	{
		name: "RecognizeIDCard/address", http: "POST /cv/ocr/idcard", query: pictureSent + "&type=scan",
		reply: `{"type":"Back","valid_date":"20171025-20271025"}`,
		call: result(func(ctx context.Context, c *Client) (*IDCard, error) {
			return c.RecognizeIDCard(ctx, OCRImageURL(pictureURL), OCRModeScan)
		}),
		want: &IDCard{Side: IDCardSideBack, ValidDate: "20171025-20271025"},
	},
	{
		name: "RecognizeBankCard/file", http: "POST /cv/ocr/bankcard", query: "type=photo", form: pictureForm(nil),
		reply: `{"number":"6200000000000000000"}`,
		call: result(func(ctx context.Context, c *Client) (*BankCard, error) {
			return c.RecognizeBankCard(ctx, picture(), OCRModePhoto)
		}),
		want: &BankCard{Number: "6200000000000000000"},
	},
	{
		name: "RecognizeBankCard/address", http: "POST /cv/ocr/bankcard", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*BankCard, error) {
			return c.RecognizeBankCard(ctx, OCRImageURL(pictureURL), "")
		}),
	},
	{
		name: "RecognizeVehicleLicense/file", http: "POST /cv/ocr/driving", query: "type=photo", form: pictureForm(nil),
		reply: `{"plate_num":"京A00001","vehicle_type":"小型普通客车","owner":"张三","addr":"某市某路1号","use_character":"非营运","model":"M1","vin":"VIN00000000000001","engine_num":"E1","register_date":"2014-10-21","issue_date":"2014-10-22","plate_num_b":"京A00001","record":"R1","passengers_num":"7人","total_quality":"2700kg","prepare_quality":"1995kg","overall_size":"4582x1795x1458mm","card_position_front":{"pos":` + areaJSON + `},"card_position_back":{"pos":` + areaJSON + `},"img_size":{"w":966,"h":728}}`,
		call: result(func(ctx context.Context, c *Client) (*VehicleLicense, error) {
			return c.RecognizeVehicleLicense(ctx, picture(), OCRModePhoto)
		}),
		want: &VehicleLicense{
			PlateNumber: "京A00001", VehicleType: "小型普通客车", Owner: "张三", Address: "某市某路1号", UseCharacter: "非营运",
			Model: "M1", VIN: "VIN00000000000001", EngineNumber: "E1", RegisterDate: "2014-10-21", IssueDate: "2014-10-22",
			PlateNumberBack: "京A00001", Record: "R1", Passengers: "7人", TotalWeight: "2700kg", CurbWeight: "1995kg",
			OverallSize: "4582x1795x1458mm", FrontRegion: ImageRegion{pictureArea}, BackRegion: ImageRegion{pictureArea},
			Size: pictureSize,
		},
	},
	{
		name: "RecognizeVehicleLicense/older spelling", http: "POST /cv/ocr/driving", query: pictureSent,
		reply: `{"plate_num":"京A00001","totalquality":"2700kg"}`,
		call: result(func(ctx context.Context, c *Client) (*VehicleLicense, error) {
			return c.RecognizeVehicleLicense(ctx, OCRImageURL(pictureURL), "")
		}),
		want: &VehicleLicense{PlateNumber: "京A00001", TotalWeight: "2700kg"},
	},
	{
		name: "RecognizeDriverLicense/file", http: "POST /cv/ocr/drivinglicense", query: "type=scan", form: pictureForm(nil),
		reply: `{"id_num":"000000000000000000","name":"张三","sex":"男","nationality":"中国","address":"某市某路1号","birth_date":"1990-12-21","issue_date":"2012-12-21","car_class":"C1","valid_from":"2018-07-06","valid_to":"2020-07-01","official_seal":"某市公安局"}`,
		call: result(func(ctx context.Context, c *Client) (*DriverLicense, error) {
			return c.RecognizeDriverLicense(ctx, picture(), OCRModeScan)
		}),
		want: &DriverLicense{
			ID: "000000000000000000", Name: "张三", Sex: "男", Nationality: "中国", Address: "某市某路1号", BirthDate: "1990-12-21",
			IssueDate: "2012-12-21", CarClass: "C1", ValidFrom: "2018-07-06", ValidTo: "2020-07-01", OfficialSeal: "某市公安局",
		},
	},
	{
		name: "RecognizeDriverLicense/address", http: "POST /cv/ocr/drivinglicense", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*DriverLicense, error) {
			return c.RecognizeDriverLicense(ctx, OCRImageURL(pictureURL), "")
		}),
	},
	{
		name: "RecognizeBusinessLicense/file", http: "POST /cv/ocr/bizlicense", query: "type=photo", form: pictureForm(nil),
		reply: `{"reg_num":"110000000000001","serial":"S1","legal_representative":"张三","enterprise_name":"示例店","type_of_organization":"个人经营","address":"某市某路1号","type_of_enterprise":"个体工商户","business_scope":"零售","registered_capital":"200万","paid_in_capital":"100万","valid_period":"长期","registered_date":"2015-01-01","cert_position":{"pos":` + areaJSON + `},"img_size":{"w":966,"h":728}}`,
		call: result(func(ctx context.Context, c *Client) (*BusinessLicense, error) {
			return c.RecognizeBusinessLicense(ctx, picture(), OCRModePhoto)
		}),
		want: &BusinessLicense{
			RegistrationNumber: "110000000000001", Serial: "S1", LegalRepresentative: "张三", EnterpriseName: "示例店",
			OrganizationType: "个人经营", Address: "某市某路1号", EnterpriseType: "个体工商户", BusinessScope: "零售",
			RegisteredCapital: "200万", PaidInCapital: "100万", ValidPeriod: "长期", RegisteredDate: "2015-01-01",
			Region: ImageRegion{pictureArea}, Size: pictureSize,
		},
	},
	{
		name: "RecognizeBusinessLicense/address", http: "POST /cv/ocr/bizlicense", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*BusinessLicense, error) {
			return c.RecognizeBusinessLicense(ctx, OCRImageURL(pictureURL), "")
		}),
	},
	{
		name: "RecognizeText/file", http: "POST /cv/ocr/comm", form: pictureForm(nil),
		reply: `{"items":[{"text":"公众号","pos":` + areaJSON + `}],"img_size":{"w":966,"h":728}}`,
		call: result(func(ctx context.Context, c *Client) (*ImageText, error) {
			return c.RecognizeText(ctx, picture())
		}),
		want: &ImageText{Items: []ImageTextItem{{Text: "公众号", Area: pictureArea}}, Size: pictureSize},
	},
	{
		name: "RecognizeText/address", http: "POST /cv/ocr/comm", query: pictureSent,
		call: result(func(ctx context.Context, c *Client) (*ImageText, error) {
			return c.RecognizeText(ctx, OCRImageURL(pictureURL))
		}),
	},
	{
		name: "RecognizePlateNumber", http: "POST /cv/ocr/platenum", query: pictureSent, reply: `{"errcode":0,"errmsg":"ok","number":"粤A123456"}`,
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.RecognizePlateNumber(ctx, OCRImageURL(pictureURL))
		},
		want: "粤A123456",
	},
	{
		name: "RecognizePlateNumber/file", http: "POST /cv/ocr/platenum", reply: `{"errcode":0,"errmsg":"ok","number":"粤A123456"}`,
		form: multipartWith("img", "a.jpg", "JPEG", nil),
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.RecognizePlateNumber(ctx, OCRImageFile(File{Name: "a.jpg", Content: strings.NewReader("JPEG")}))
		},
		want: "粤A123456",
	},
	{
		name: "UpscaleImage", http: "POST /cv/img/superresolution", query: pictureSent, reply: `{"errcode":0,"errmsg":"ok","media_id":"M1"}`,
		call: func(ctx context.Context, c *Client) (any, error) { return c.UpscaleImage(ctx, OCRImageURL(pictureURL)) },
		want: "M1",
	},
	{
		name: "UpscaleImage/file", http: "POST /cv/img/superresolution", reply: `{"errcode":0,"errmsg":"ok","media_id":"M1"}`,
		form: multipartWith("img", "a.jpg", "JPEG", nil),
		call: func(ctx context.Context, c *Client) (any, error) {
			return c.UpscaleImage(ctx, OCRImageFile(File{Name: "a.jpg", Content: strings.NewReader("JPEG")}))
		},
		want: "M1",
	},
	{
		name: "RecognizeRestaurantMenu/file", http: "POST /cv/ocr/menu", form: pictureForm(nil),
		reply: `{"content":{"menu_items":[{"name":"宫保鸡丁","price":28.5},{"name":"米饭","price":"2"}]}}`,
		call: results(func(ctx context.Context, c *Client) ([]RestaurantDish, error) {
			return c.RecognizeRestaurantMenu(ctx, picture())
		}),
		want: []RestaurantDish{{Name: "宫保鸡丁", Price: 28.5}, {Name: "米饭", Price: 2}},
	},
	{
		name: "RecognizeRestaurantMenu/address", http: "POST /cv/ocr/menu", query: pictureSent,
		call: results(func(ctx context.Context, c *Client) ([]RestaurantDish, error) {
			return c.RecognizeRestaurantMenu(ctx, OCRImageURL(pictureURL))
		}),
	},
})

func TestPicturesThatThePlatformCanNotSeeAreRefused(t *testing.T) {
	tooLarge := OCRImageFile(File{Name: "p.jpg", Content: bytes.NewReader(make([]byte, 2<<20))})
	for argument, img := range map[string]OCRImage{
		"img":          {},
		"File.Content": tooLarge,
	} {
		refused(t, argument, func(ctx context.Context, c *Client) error {
			_, err := c.RecognizeText(ctx, img)
			return err
		})
	}
	refused(t, "img", func(ctx context.Context, c *Client) error {
		_, err := c.CropImage(ctx, OCRImageURL("file:///p.jpg"), nil)
		return err
	})
	for _, ratios := range [][]float64{{1, 2, 3, 4, 5, 6}, {1, 0}, {-1}, {math.NaN()}, {math.Inf(1)}} {
		refused(t, "ratios", func(ctx context.Context, c *Client) error {
			_, err := c.CropImage(ctx, picture(), ratios)
			return err
		})
	}
}

func TestPaidRecognitionIsNotRepeated(t *testing.T) {
	s := newScript(busy)
	_, err := s.client().RecognizeIDCard(t.Context(), OCRImageURL(pictureURL), "")
	require.ErrorIs(t, err, ErrUnknownOutcome)
	assert.Len(t, s.sent, 1)
}

// A recognition counts against a small quota, so none of them is retried when its
// outcome is unknown; what only looks at a picture is.
func TestRecognitionsThatCountAreNotRetried(t *testing.T) {
	found := 0
	for _, row := range rows {
		ocr := strings.HasPrefix(row.http, "POST /cv/ocr/")
		if !ocr && !strings.HasPrefix(row.http, "POST /cv/img/") {
			continue
		}
		found++
		calls := 0
		c := repeating(func(r *http.Request) (*http.Response, error) {
			calls++
			return answer(http.StatusBadGateway, "")(r)
		})
		_, err := row.call(t.Context(), c)
		require.Error(t, err)
		assert.Equal(t, ocr, errors.Is(err, ErrUnknownOutcome), row.name)
		if ocr {
			assert.Equal(t, 1, calls, row.name)
		} else {
			assert.Equal(t, 3, calls, row.name)
		}
	}
	assert.Greater(t, found, 8)
}
