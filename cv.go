package wechat

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// OCRImage is a picture to analyze, made by [OCRImageURL] or [OCRImageFile].
type OCRImage struct {
	url  string
	file File
}

// OCRImageURL returns a picture that the platform fetches from an HTTP or HTTPS URL.
func OCRImageURL(url string) OCRImage { return OCRImage{url: url} }

// OCRImageFile returns a picture to upload, which must be smaller than 2 MiB.
func OCRImageFile(file File) OCRImage { return OCRImage{file: file} }

const maxImage = 2<<20 - 1

// recognize calls an endpoint that accepts a picture. parts are text parts of the form.
func recognize[T any](ctx context.Context, c *Client, path string, img OCRImage, query, parts url.Values, traits ...trait) (*T, error) {
	req := with(Request{Method: http.MethodPost, Path: path, Query: query}, traits)
	switch {
	case img.url != "":
		if err := httpURL("img", img.url); err != nil {
			return nil, err
		}
		req.Query.Set("img_url", img.url)
		if len(parts) > 0 {
			req.Body = &Form{Values: parts}
		}
	case img.file.Content != nil:
		req.Body = &Form{Field: "img", File: img.file, Values: parts, limit: maxImage}
	default:
		return nil, invalid("img", "must have a URL or content")
	}
	return do[T](ctx, c, req)
}

// ImageSize is the size of a picture in pixels.
type ImageSize struct {
	Width  int64 `json:"w"`
	Height int64 `json:"h"`
}

// ImagePoint is a point in a picture, in pixels from the upper left corner.
type ImagePoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// ImageArea is an area in a picture. It need not be a rectangle, because a photographed
// object may be tilted.
type ImageArea struct {
	LeftTop     ImagePoint `json:"left_top"`
	RightTop    ImagePoint `json:"right_top"`
	RightBottom ImagePoint `json:"right_bottom"`
	LeftBottom  ImagePoint `json:"left_bottom"`
}

// ImageRegion is the location of an object in a picture.
type ImageRegion struct {
	Area ImageArea `json:"pos"`
}

// ImageCrops are suggested crops of a picture.
type ImageCrops struct {
	Crops []ImageCrop `json:"results"` // one per ratio
	Size  ImageSize   `json:"img_size"`
}

// ImageCrop is a rectangle in a picture, in pixels.
type ImageCrop struct {
	Left   int64 `json:"crop_left"`
	Top    int64 `json:"crop_top"`
	Right  int64 `json:"crop_right"`
	Bottom int64 `json:"crop_bottom"`
}

// CropImage suggests crops that keep the subject of a picture (图片智能裁剪). ratios
// contains up to 5 ratios of width to height, such as 2.35; if it is empty, the platform
// chooses one.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/image/api_imgaicrop
func (c *Client) CropImage(ctx context.Context, img OCRImage, ratios []float64) (*ImageCrops, error) {
	if err := elements("ratios", len(ratios), 0, 5); err != nil {
		return nil, err
	}
	text := make([]string, len(ratios))
	for i, ratio := range ratios {
		if !(ratio > 0) || math.IsInf(ratio, 1) {
			return nil, invalid("ratios", "must be positive, but element %d is %v", i, ratio)
		}
		text[i] = strconv.FormatFloat(ratio, 'f', -1, 64)
	}
	return recognize[ImageCrops](ctx, c, "/cv/img/aicrop", img, url.Values{}, params("ratios", strings.Join(text, ",")), idempotent)
}

// UpscaleImage increases the resolution of a picture (图片高清化) and returns the media
// ID of the result, which [Client.DownloadMedia] downloads.
//
// https://developers.weixin.qq.com/doc/offiaccount/Intelligent_Interface/Img_Proc
func (c *Client) UpscaleImage(ctx context.Context, img OCRImage) (mediaID string, err error) {
	res, err := recognize[mediaRef](ctx, c, "/cv/img/superresolution", img, url.Values{}, nil, idempotent)
	if err != nil {
		return "", err
	}
	return res.MediaID, nil
}

// ImageCodeType is the type of a code in a picture.
type ImageCodeType string

// The types of codes that are recognized.
const (
	ImageCodeQR      ImageCodeType = "QR_CODE"
	ImageCodeEAN13   ImageCodeType = "EAN_13"
	ImageCodeEAN8    ImageCodeType = "EAN_8"
	ImageCodeCode25  ImageCodeType = "CODE_25"
	ImageCodeCode39  ImageCodeType = "CODE_39"
	ImageCodeCode128 ImageCodeType = "CODE_128"
	ImageCodeUPCA    ImageCodeType = "UPC_A"
)

// ImageCodes are the codes in a picture.
type ImageCodes struct {
	Codes []ImageCode `json:"code_results"`
	Size  ImageSize   `json:"img_size"`
}

// ImageCode is a code in a picture.
type ImageCode struct {
	Type ImageCodeType `json:"type_name"`
	Data string        `json:"data"`
	Area *ImageArea    `json:"pos"` // nil unless it is a QR code
}

// RecognizeCodes reads the QR codes and barcodes in a picture (图片条码/二维码识别).
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/image/api_imgqrcode
func (c *Client) RecognizeCodes(ctx context.Context, img OCRImage) (*ImageCodes, error) {
	return recognize[ImageCodes](ctx, c, "/cv/img/qrcode", img, url.Values{}, nil, idempotent)
}

// OCRMode is how the picture of a document was taken.
type OCRMode string

// The modes of recognition. An empty OCRMode leaves the choice to the platform.
const (
	OCRModePhoto OCRMode = "photo" // a photo, with the surroundings of the document
	OCRModeScan  OCRMode = "scan"  // a scan, which the document fills
)

// IDCardSide is a side of an identity card.
type IDCardSide string

// The sides of an identity card.
const (
	IDCardSideFront IDCardSide = "Front" // with the portrait
	IDCardSideBack  IDCardSide = "Back"  // with the validity period
)

// IDCard is the text on one side of an identity card.
type IDCard struct {
	Side      IDCardSide `json:"type"`
	Name      string     `json:"name"`
	ID        string     `json:"id"`
	Address   string     `json:"addr"`
	Sex       string     `json:"gender"`
	Ethnicity string     `json:"nationality"`
	ValidDate string     `json:"valid_date"` // back only
}

// RecognizeIDCard reads an identity card (身份证OCR识别). It returns [ErrOCRQuota] if
// the 100 free calls a day and the purchased ones are used up. Every call counts, so a
// call whose outcome is unknown is not retried. The same applies to all methods that
// return [ErrOCRQuota].
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_idcardocr
func (c *Client) RecognizeIDCard(ctx context.Context, img OCRImage, mode OCRMode) (*IDCard, error) {
	return recognize[IDCard](ctx, c, "/cv/ocr/idcard", img, params("type", string(mode)), nil)
}

// BankCard is the text on a bank card.
type BankCard struct {
	Number string `json:"number"`
}

// RecognizeBankCard reads the number of a bank card (银行卡OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_bankcardocr
func (c *Client) RecognizeBankCard(ctx context.Context, img OCRImage, mode OCRMode) (*BankCard, error) {
	return recognize[BankCard](ctx, c, "/cv/ocr/bankcard", img, params("type", string(mode)), nil)
}

// VehicleLicense is the text on a vehicle license (行驶证).
type VehicleLicense struct {
	PlateNumber     string      `json:"plate_num"`
	VehicleType     string      `json:"vehicle_type"`
	Owner           string      `json:"owner"`
	Address         string      `json:"addr"`
	UseCharacter    string      `json:"use_character"`
	Model           string      `json:"model"`
	VIN             string      `json:"vin"`
	EngineNumber    string      `json:"engine_num"`
	RegisterDate    string      `json:"register_date"`
	IssueDate       string      `json:"issue_date"`
	PlateNumberBack string      `json:"plate_num_b"`
	Record          string      `json:"record"`
	Passengers      string      `json:"passengers_num"`
	TotalWeight     string      `json:"total_quality"`
	CurbWeight      string      `json:"prepare_quality"`
	OverallSize     string      `json:"overall_size"`
	FrontRegion     ImageRegion `json:"card_position_front"`
	BackRegion      ImageRegion `json:"card_position_back"`
	Size            ImageSize   `json:"img_size"`
}

// UnmarshalJSON also accepts totalquality, an older spelling of total_quality.
func (v *VehicleLicense) UnmarshalJSON(data []byte) error {
	type plain VehicleLicense
	both := struct {
		*plain
		Older string `json:"totalquality"`
	}{plain: (*plain)(v)}
	if err := decodeJSON(data, &both); err != nil {
		return err
	}
	if v.TotalWeight == "" {
		v.TotalWeight = both.Older
	}
	return nil
}

// RecognizeVehicleLicense reads a vehicle license (行驶证OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_drivingocr
func (c *Client) RecognizeVehicleLicense(ctx context.Context, img OCRImage, mode OCRMode) (*VehicleLicense, error) {
	return recognize[VehicleLicense](ctx, c, "/cv/ocr/driving", img, params("type", string(mode)), nil)
}

// DriverLicense is the text on a driver's license (驾驶证).
type DriverLicense struct {
	ID           string `json:"id_num"`
	Name         string `json:"name"`
	Sex          string `json:"sex"`
	Nationality  string `json:"nationality"`
	Address      string `json:"address"`
	BirthDate    string `json:"birth_date"`
	IssueDate    string `json:"issue_date"`
	CarClass     string `json:"car_class"`
	ValidFrom    string `json:"valid_from"`
	ValidTo      string `json:"valid_to"`
	OfficialSeal string `json:"official_seal"`
}

// RecognizeDriverLicense reads a driver's license (驾驶证OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_drivinglicenseocr
func (c *Client) RecognizeDriverLicense(ctx context.Context, img OCRImage, mode OCRMode) (*DriverLicense, error) {
	return recognize[DriverLicense](ctx, c, "/cv/ocr/drivinglicense", img, params("type", string(mode)), nil)
}

// BusinessLicense is the text on a business license (营业执照).
type BusinessLicense struct {
	RegistrationNumber  string      `json:"reg_num"`
	Serial              string      `json:"serial"`
	LegalRepresentative string      `json:"legal_representative"`
	EnterpriseName      string      `json:"enterprise_name"`
	OrganizationType    string      `json:"type_of_organization"`
	Address             string      `json:"address"`
	EnterpriseType      string      `json:"type_of_enterprise"`
	BusinessScope       string      `json:"business_scope"`
	RegisteredCapital   string      `json:"registered_capital"`
	PaidInCapital       string      `json:"paid_in_capital"`
	ValidPeriod         string      `json:"valid_period"`
	RegisteredDate      string      `json:"registered_date"`
	Region              ImageRegion `json:"cert_position"`
	Size                ImageSize   `json:"img_size"`
}

// RecognizeBusinessLicense reads a business license (营业执照OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_bizlicenseocr
func (c *Client) RecognizeBusinessLicense(ctx context.Context, img OCRImage, mode OCRMode) (*BusinessLicense, error) {
	return recognize[BusinessLicense](ctx, c, "/cv/ocr/bizlicense", img, params("type", string(mode)), nil)
}

// ImageText is the printed text in a picture.
type ImageText struct {
	Items []ImageTextItem `json:"items"`
	Size  ImageSize       `json:"img_size"`
}

// ImageTextItem is a piece of text and its location.
type ImageTextItem struct {
	Text string    `json:"text"`
	Area ImageArea `json:"pos"`
}

// RecognizeText reads the printed text in a picture (通用印刷体OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_commocr
func (c *Client) RecognizeText(ctx context.Context, img OCRImage) (*ImageText, error) {
	return recognize[ImageText](ctx, c, "/cv/ocr/comm", img, url.Values{}, nil)
}

// RecognizePlateNumber reads the number of a license plate (车牌识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/offiaccount/Intelligent_Interface/OCR
func (c *Client) RecognizePlateNumber(ctx context.Context, img OCRImage) (string, error) {
	res, err := recognize[struct {
		Number string `json:"number"`
	}](ctx, c, "/cv/ocr/platenum", img, url.Values{}, nil)
	if err != nil {
		return "", err
	}
	return res.Number, nil
}

// RestaurantDish is a dish on a restaurant's menu.
type RestaurantDish struct {
	Name  string  `json:"name"`
	Price float64 `json:"price"` // as printed
}

// RecognizeRestaurantMenu reads the menu of a restaurant (菜单OCR识别). It returns
// [ErrOCRQuota] if the 100 free calls a day and the purchased ones are used up.
//
// https://developers.weixin.qq.com/doc/service/api/openpoc/ocr/api_menuocr
func (c *Client) RecognizeRestaurantMenu(ctx context.Context, img OCRImage) ([]RestaurantDish, error) {
	res, err := recognize[struct {
		Content struct {
			Items []RestaurantDish `json:"menu_items"`
		} `json:"content"`
	}](ctx, c, "/cv/ocr/menu", img, url.Values{}, nil)
	if err != nil {
		return nil, err
	}
	return res.Content.Items, nil
}
