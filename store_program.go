package wechat

import (
	"context"
	"net/http"
)

// StoreCategory is a category that a store mini program can have.
type StoreCategory struct {
	ID            int64              `json:"id"`
	Name          string             `json:"name"`
	Level         int64              `json:"level"` // 0 is the root, 1 and 2 are what a program chooses
	ParentID      int64              `json:"father"`
	ChildIDs      []int64            `json:"children"`
	SensitiveType int64              `json:"sensitive_type"` // 1: the category needs documents
	Qualification StoreQualification `json:"qualify"`
}

// StoreQualification says which documents a category needs.
type StoreQualification struct {
	Groups []StoreDocumentGroup `json:"exter_list"` // one document of each group
	Remark string               `json:"remark"`
}

// StoreDocumentGroup is a group of documents of which one is needed.
type StoreDocumentGroup struct {
	Documents []StoreDocument `json:"inner_list"`
}

// StoreDocument is a document that a category needs.
type StoreDocument struct {
	Name string `json:"name"`
	URL  string `json:"url"` // a sample
}

// ListStoreCategories returns the categories of store mini programs
// (拉取门店小程序类目).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getwxastorecatelist
func (c *Client) ListStoreCategories(ctx context.Context) ([]StoreCategory, error) {
	res, err := get[struct {
		Data struct {
			All struct {
				Categories []StoreCategory `json:"categories"`
			} `json:"all_category_info"`
		} `json:"data"`
	}](ctx, c, "/wxa/get_merchant_category", nil)
	if err != nil {
		return nil, err
	}
	return res.Data.All.Categories, nil
}

// CreateStoreProgramRequest applies for a store mini program. All files are media ids
// of temporary images.
type CreateStoreProgramRequest struct {
	FirstCategoryID  int64         `json:"first_catid"`
	SecondCategoryID int64         `json:"second_catid"`
	AvatarMediaID    string        `json:"headimg_mediaid"`
	Nickname         string        `json:"nickname"` // 4 to 30 wide, a Chinese letter counts twice
	Introduction     string        `json:"intro"`
	Qualifications   StoreMediaIDs `json:"qualification_list"`    // where the category is sensitive
	License          string        `json:"org_code,omitempty"`    // where the platform asked for it by code 85024
	OtherFiles       StoreMediaIDs `json:"other_files,omitempty"` // the same
}

func (r CreateStoreProgramRequest) check() error {
	err := first(
		positive("FirstCategoryID", r.FirstCategoryID), positive("SecondCategoryID", r.SecondCategoryID),
		notEmpty("AvatarMediaID", r.AvatarMediaID), notEmpty("Introduction", r.Introduction),
		r.Qualifications.check("Qualifications"), r.OtherFiles.check("OtherFiles"))
	if err != nil {
		return err
	}
	return within("Nickname", width(r.Nickname), 4, 30)
}

// width counts letters as the platform does where they are displayed: a Chinese one
// is two wide.
func width(s string) int {
	n := 0
	for _, letter := range s {
		n++
		if letter > 0x7f {
			n++
		}
	}
	return n
}

// maxWidth refuses a text that is wider than so many Chinese letters.
func maxWidth(argument, value string, letters int) error {
	if n := width(value); n > 2*letters {
		return invalid(argument, "must be at most %d wide, but is %d: a Chinese letter counts twice", 2*letters, n)
	}
	return nil
}

// CreateStoreProgram applies for the account's store mini program (创建门店小程序). An
// administrator has to confirm within 24 hours; then the platform audits it, see
// [Client.GetStoreProgramAudit].
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_applywxastore
func (c *Client) CreateStoreProgram(ctx context.Context, req CreateStoreProgramRequest) error {
	return c.post(ctx, "/wxa/apply_merchant", req)
}

// StoreProgramStatus is the state of a store mini program's audit.
type StoreProgramStatus int

// The states of an audit.
const (
	StoreProgramStatusNone     StoreProgramStatus = 0 // never applied for
	StoreProgramStatusAccepted StoreProgramStatus = 1
	StoreProgramStatusPending  StoreProgramStatus = 2
	StoreProgramStatusRefused  StoreProgramStatus = 3
	StoreProgramStatusDeclined StoreProgramStatus = 4 // by the administrator
)

// StoreProgramAudit is the audit of the account's store mini program.
type StoreProgramAudit struct {
	ID     int64              `json:"audit_id"`
	Status StoreProgramStatus `json:"status"`
	Reason string             `json:"reason"` // why it was refused or declined
}

// GetStoreProgramAudit returns the state of an application (获取门店小程序审核结果, 查询门店小程序审核结果). 0 is the
// latest one.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getwxastoreauditinfo
func (c *Client) GetStoreProgramAudit(ctx context.Context, auditID int64) (*StoreProgramAudit, error) {
	res, err := get[struct {
		Data StoreProgramAudit `json:"data"`
	}](ctx, c, "/wxa/get_merchant_audit_info", params("audit_id", idOrNone(auditID)))
	if err != nil {
		return nil, err
	}
	return &res.Data, nil
}

// UpdateStoreProgram changes the picture, a media id, and the introduction of the
// account's store mini program (修改门店小程序信息). "" keeps what is there.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_modifywxastore
func (c *Client) UpdateStoreProgram(ctx context.Context, avatarMediaID, introduction string) error {
	body := struct {
		HeadImage    string `json:"headimg_mediaid"`
		Introduction string `json:"intro"`
	}{avatarMediaID, introduction}
	return c.post(ctx, "/wxa/modify_merchant", body, idempotent)
}

// Districts are the provinces, cities and districts of the platform's maps.
type Districts struct {
	Version string       `json:"data_version"`
	Levels  [][]District `json:"result"` // provinces, cities, districts
}

// District is a province, a city or a district.
type District struct {
	ID           int64            `json:"id"`
	Name         string           `json:"name"`
	FullName     string           `json:"fullname"`
	Pinyin       []string         `json:"pinyin"`
	Location     DistrictLocation `json:"location"`
	ChildIndexes []int            `json:"cidx"` // of the first and the last of its parts, in the next level
}

// DistrictLocation is the center of a district.
type DistrictLocation struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lng"`
}

// GetDistricts returns the provinces, cities and districts that [Client.SearchMapPOIs]
// and [Client.CreateMapPOI] name by id (获取省市区信息).
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_getdistrictlist
func (c *Client) GetDistricts(ctx context.Context) (*Districts, error) {
	const path = "/wxa/get_district"
	res, err := get[struct {
		Status  int64  `json:"status"` // of the maps behind the platform, in place of errcode
		Message string `json:"message"`
		Districts
	}](ctx, c, path, nil)
	if err != nil {
		return nil, err
	}
	if res.Status != 0 {
		return nil, &Error{
			Code: Code(res.Status), Message: res.Message, Method: http.MethodGet, Path: path, Status: http.StatusOK,
		}
	}
	return &res.Districts, nil
}

// MapPOI is a place on the platform's maps.
type MapPOI struct {
	ID         string   `json:"sosomap_poi_uid"` // the MapPOIID of [CreateStoreRequest]
	Name       string   `json:"branch_name"`
	Address    string   `json:"address"`
	Longitude  float64  `json:"longitude"`
	Latitude   float64  `json:"latitude"`
	Phone      string   `json:"telephone"`
	Category   string   `json:"category"`
	DataSupply int64    `json:"data_supply"`
	Photos     []string `json:"pic_urls"`
	CardIDs    []string `json:"card_id_list"`
}

// SearchMapPOIs finds places on the platform's maps (搜索门店地图信息, 在腾讯地图中搜索门店). districtID is
// an ID of [Client.GetDistricts].
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_poilistsearch
func (c *Client) SearchMapPOIs(ctx context.Context, districtID int64, keyword string) ([]MapPOI, error) {
	if err := first(positive("districtID", districtID), notEmpty("keyword", keyword)); err != nil {
		return nil, err
	}
	body := struct {
		DistrictID int64  `json:"districtid"`
		Keyword    string `json:"keyword"`
	}{districtID, keyword}
	res, err := post[struct {
		Data struct {
			Items []MapPOI `json:"item"`
		} `json:"data"`
	}](ctx, c, "/wxa/search_map_poi", body, idempotent)
	if err != nil {
		return nil, err
	}
	return res.Data.Items, nil
}

// CreateMapPOIRequest is a place to be put on the platform's maps.
type CreateMapPOIRequest struct {
	Name         string  `json:"name"`
	Longitude    float64 `json:"longitude,string"`
	Latitude     float64 `json:"latitude,string"`
	Province     string  `json:"province"`
	City         string  `json:"city"`
	District     string  `json:"district"`
	Address      string  `json:"address"`
	Category     string  `json:"category"`  // such as "美食:中餐厅"
	Phone        string  `json:"telephone"` // several are separated by semicolons
	Photo        string  `json:"photo"`     // address of a picture
	License      string  `json:"license"`   // address of a picture
	Introduction string  `json:"introduct"`
	DistrictID   int64   `json:"districtid,string"` // an ID of [Client.GetDistricts]
	POIID        string  `json:"poi_id,omitempty"`  // of a store of the older kind that moves
}

func (r CreateMapPOIRequest) check() error {
	return first(
		notEmpty("Name", r.Name), notEmpty("Province", r.Province), notEmpty("City", r.City), notEmpty("District", r.District),
		notEmpty("Address", r.Address), notEmpty("Category", r.Category), notEmpty("Phone", r.Phone), notEmpty("Photo", r.Photo),
		notEmpty("License", r.License), notEmpty("Introduction", r.Introduction), positive("DistrictID", r.DistrictID))
}

// MapPOICreation names a place that is being audited.
type MapPOICreation struct {
	BaseID int64 `json:"base_id"`
	RichID int64 `json:"rich_id"`
}

// CreateMapPOI puts a place on the platform's maps (在地图中创建门店, 在腾讯地图中创建门店). It is audited; the
// platform pushes the result as the event create_map_poi_audit_info.
//
// https://developers.weixin.qq.com/doc/service/api/stores/miniapp/api_createnewpoid
func (c *Client) CreateMapPOI(ctx context.Context, req CreateMapPOIRequest) (*MapPOICreation, error) {
	res, err := post[struct {
		Data MapPOICreation `json:"data"`
	}](ctx, c, "/wxa/create_map_poi", req)
	if err != nil {
		return nil, err
	}
	return &res.Data, nil
}
