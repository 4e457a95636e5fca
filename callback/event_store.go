package callback

// POICheckNotifyEvent tells how the review of a shop went (门店审核事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Store_Interface
type POICheckNotifyEvent struct {
	Header

	UniqueID string `push:"UniqId"`
	POIID    string
	Result   string
	Message  string `push:"Msg"`
}

// ApplyMerchantAuditEvent tells how the review of a shop mini program went
// (门店小程序类目审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type ApplyMerchantAuditEvent struct {
	Header

	AuditID int64
	Status  int64
	Reason  string
}

// CreateMapPOIAuditEvent tells how the review of a place on the map went
// (腾讯地图中创建门店审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type CreateMapPOIAuditEvent struct {
	Header

	AuditID   int64
	Status    int64
	MapPOIID  string
	Name      string
	Address   string
	Latitude  float64
	Longitude float64
	Remark    string `push:"sh_remark"`
}

// AddStoreAuditEvent tells how the review of a new shop went (创建门店审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type AddStoreAuditEvent struct {
	Header

	AuditID   int64
	Status    int64
	Reason    string
	IsUpgrade int64  // as the platform sends it: its sample has 3
	POIID     string `push:"poi_id"`
}

// ModifyStoreAuditEvent tells how the review of a changed shop went
// (修改门店图片审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type ModifyStoreAuditEvent struct {
	Header

	AuditID int64
	Status  int64
	Reason  string
}
