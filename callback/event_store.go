package callback

// POICheckNotifyEvent tells how the review of a shop went (门店审核事件).
//
// https://developers.weixin.qq.com/doc/offiaccount/WeChat_Stores/WeChat_Store_Interface
type POICheckNotifyEvent struct {
	Header

	UniqueID string
	POIID    int64
	Result   string
	Message  string
}

func (m *POICheckNotifyEvent) read(n *node) {
	m.UniqueID = n.string("UniqId")
	m.POIID = n.int("PoiId")
	m.Result = n.string("Result")
	m.Message = n.string("Msg")
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

func (m *ApplyMerchantAuditEvent) read(n *node) {
	m.AuditID = n.int("audit_id")
	m.Status = n.int("status")
	m.Reason = n.string("reason")
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
	Remark    string
}

func (m *CreateMapPOIAuditEvent) read(n *node) {
	m.AuditID = n.int("audit_id")
	m.Status = n.int("status")
	m.MapPOIID = n.string("map_poi_id")
	m.Name = n.string("name")
	m.Address = n.string("address")
	m.Latitude = n.float("latitude")
	m.Longitude = n.float("longitude")
	m.Remark = n.string("sh_remark")
}

// AddStoreAuditEvent tells how the review of a new shop went (创建门店审核事件).
//
// https://developers.weixin.qq.com/doc/service/guide/product/WeChat_Store
type AddStoreAuditEvent struct {
	Header

	AuditID   int64
	Status    int64
	Reason    string
	IsUpgrade int64 // as the platform sends it: its sample has 3
	POIID     int64
}

func (m *AddStoreAuditEvent) read(n *node) {
	m.AuditID = n.int("audit_id")
	m.Status = n.int("status")
	m.Reason = n.string("reason")
	m.IsUpgrade = n.int("is_upgrade")
	m.POIID = n.int("poi_id")
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

func (m *ModifyStoreAuditEvent) read(n *node) {
	m.AuditID = n.int("audit_id")
	m.Status = n.int("status")
	m.Reason = n.string("reason")
}
