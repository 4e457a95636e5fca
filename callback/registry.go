package callback

import "strings"

// typed is a push type that can be read from a document.
type typed interface {
	Message
	read(n *node)
}

// registry knows the type of a push by its MsgType, and for events by MsgType and
// Event, in lower case: the platform spells events in both cases.
var registry = map[string]func() typed{
	"text":                                    func() typed { return new(TextMessage) },
	"image":                                   func() typed { return new(ImageMessage) },
	"voice":                                   func() typed { return new(VoiceMessage) },
	"video":                                   func() typed { return new(VideoMessage) },
	"shortvideo":                              func() typed { return new(ShortVideoMessage) },
	"location":                                func() typed { return new(LocationMessage) },
	"link":                                    func() typed { return new(LinkMessage) },
	"file":                                    func() typed { return new(FileMessage) },
	"miniprogrampage":                         func() typed { return new(MiniProgramPageMessage) },
	"hardware":                                func() typed { return new(HardwareMessage) },
	"device_text":                             func() typed { return new(DeviceTextMessage) },
	"event/subscribe":                         func() typed { return new(SubscribeEvent) },
	"event/unsubscribe":                       func() typed { return new(UnsubscribeEvent) },
	"event/scan":                              func() typed { return new(ScanEvent) },
	"event/location":                          func() typed { return new(LocationEvent) },
	"event/click":                             func() typed { return new(ClickEvent) },
	"event/view":                              func() typed { return new(ViewEvent) },
	"event/scancode_push":                     func() typed { return new(ScanCodePushEvent) },
	"event/scancode_waitmsg":                  func() typed { return new(ScanCodeWaitEvent) },
	"event/pic_sysphoto":                      func() typed { return new(PhotoEvent) },
	"event/pic_photo_or_album":                func() typed { return new(PhotoOrAlbumEvent) },
	"event/pic_weixin":                        func() typed { return new(AlbumEvent) },
	"event/location_select":                   func() typed { return new(LocationSelectEvent) },
	"event/view_miniprogram":                  func() typed { return new(ViewMiniProgramEvent) },
	"event/media_id":                          func() typed { return new(MediaEvent) },
	"event/view_limited":                      func() typed { return new(MediaLinkEvent) },
	"event/masssendjobfinish":                 func() typed { return new(MassSendJobFinishEvent) },
	"event/publishjobfinish":                  func() typed { return new(PublishJobFinishEvent) },
	"event/templatesendjobfinish":             func() typed { return new(TemplateSendJobFinishEvent) },
	"event/subscribe_msg_popup_event":         func() typed { return new(SubscribeMessagePopupEvent) },
	"event/subscribe_msg_change_event":        func() typed { return new(SubscribeMessageChangeEvent) },
	"event/subscribe_msg_sent_event":          func() typed { return new(SubscribeMessageSentEvent) },
	"event/kf_create_session":                 func() typed { return new(KFCreateSessionEvent) },
	"event/kf_close_session":                  func() typed { return new(KFCloseSessionEvent) },
	"event/kf_switch_session":                 func() typed { return new(KFSwitchSessionEvent) },
	"event/user_info_modified":                func() typed { return new(UserInfoModifiedEvent) },
	"event/user_authorization_revoke":         func() typed { return new(UserAuthorizationRevokeEvent) },
	"event/user_authorization_cancellation":   func() typed { return new(UserAuthorizationCancellationEvent) },
	"event/qualification_verify_success":      func() typed { return new(QualificationVerifySuccessEvent) },
	"event/qualification_verify_fail":         func() typed { return new(QualificationVerifyFailEvent) },
	"event/naming_verify_success":             func() typed { return new(NamingVerifySuccessEvent) },
	"event/naming_verify_fail":                func() typed { return new(NamingVerifyFailEvent) },
	"event/annual_renew":                      func() typed { return new(AnnualRenewEvent) },
	"event/verify_expired":                    func() typed { return new(VerifyExpiredEvent) },
	"event/wx_verify_pay_succ":                func() typed { return new(VerifyPaySuccessEvent) },
	"event/wx_verify_dispatch":                func() typed { return new(VerifyDispatchEvent) },
	"event/wx_verify_refill":                  func() typed { return new(VerifyRefillEvent) },
	"event/wx_verify_fail":                    func() typed { return new(VerifyFailEvent) },
	"event/card_pass_check":                   func() typed { return new(CardPassCheckEvent) },
	"event/card_not_pass_check":               func() typed { return new(CardNotPassCheckEvent) },
	"event/user_get_card":                     func() typed { return new(UserGetCardEvent) },
	"event/user_gifting_card":                 func() typed { return new(UserGiftingCardEvent) },
	"event/user_del_card":                     func() typed { return new(UserDeleteCardEvent) },
	"event/user_consume_card":                 func() typed { return new(UserConsumeCardEvent) },
	"event/user_pay_from_pay_cell":            func() typed { return new(UserPayFromCardEvent) },
	"event/user_view_card":                    func() typed { return new(UserViewCardEvent) },
	"event/user_enter_session_from_card":      func() typed { return new(UserEnterSessionFromCardEvent) },
	"event/update_member_card":                func() typed { return new(UpdateMemberCardEvent) },
	"event/card_sku_remind":                   func() typed { return new(CardStockRemindEvent) },
	"event/card_pay_order":                    func() typed { return new(CardPayOrderEvent) },
	"event/submit_membercard_user_info":       func() typed { return new(SubmitMemberCardUserInfoEvent) },
	"event/card_merchant_check_result":        func() typed { return new(CardMerchantCheckResultEvent) },
	"event/giftcard_pay_done":                 func() typed { return new(GiftCardPayDoneEvent) },
	"event/giftcard_send_to_friend":           func() typed { return new(GiftCardSendToFriendEvent) },
	"event/giftcard_user_accept":              func() typed { return new(GiftCardUserAcceptEvent) },
	"event/user_authorize_invoice":            func() typed { return new(UserAuthorizeInvoiceEvent) },
	"event/submit_invoice_title":              func() typed { return new(SubmitInvoiceTitleEvent) },
	"event/update_invoice_status":             func() typed { return new(UpdateInvoiceStatusEvent) },
	"event/cloud_invoice_invoiceresult_event": func() typed { return new(CloudInvoiceResultEvent) },
	"event/poi_check_notify":                  func() typed { return new(POICheckNotifyEvent) },
	"event/apply_merchant_audit_info":         func() typed { return new(ApplyMerchantAuditEvent) },
	"event/create_map_poi_audit_info":         func() typed { return new(CreateMapPOIAuditEvent) },
	"event/add_store_audit_info":              func() typed { return new(AddStoreAuditEvent) },
	"event/modify_store_audit_info":           func() typed { return new(ModifyStoreAuditEvent) },
	"event/merchant_order":                    func() typed { return new(MerchantOrderEvent) },
	"event/wificonnected":                     func() typed { return new(WiFiConnectedEvent) },
	"event/shakearoundusershake":              func() typed { return new(ShakeAroundUserShakeEvent) },
	"event/shakearoundlotterybind":            func() typed { return new(ShakeAroundLotteryBindEvent) },
	"device_event/bind":                       func() typed { return new(DeviceEvent) },
	"device_event/unbind":                     func() typed { return new(DeviceEvent) },
	"device_event/subscribe_status":           func() typed { return new(DeviceEvent) },
	"device_event/unsubscribe_status":         func() typed { return new(DeviceEvent) },
	"event/user_scan_product":                 func() typed { return new(UserScanProductEvent) },
	"event/user_scan_product_enter_session":   func() typed { return new(UserScanProductEnterSessionEvent) },
	"event/user_scan_product_async":           func() typed { return new(UserScanProductAsyncEvent) },
	"event/user_scan_product_verify_action":   func() typed { return new(UserScanProductVerifyActionEvent) },
	"event/guide_qrcode_scan_event":           func() typed { return new(GuideQRCodeScanEvent) },
	"event/guide_invite_result_event":         func() typed { return new(GuideInviteResultEvent) },
	"event/wxa_media_check":                   func() typed { return new(MediaCheckEvent) },
	"event/user_enter_tempsession":            func() typed { return new(UserEnterTempSessionEvent) },
	"event/enter":                             func() typed { return new(EnterEvent) },
}

// newMessage returns an empty value of the type of a push, nil where it is unknown.
func newMessage(msgType, event string) typed {
	key := strings.ToLower(msgType)
	if event != "" {
		key += "/" + strings.ToLower(event)
	}
	if create, ok := registry[key]; ok {
		return create()
	}
	return nil
}
