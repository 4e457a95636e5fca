// Package wechat 是微信公众号（服务号与订阅号）服务端接口的 Go SDK：官方文档目录中的接口都有
// 强类型的方法，凭据自动获取与更新，接口错误可以按返回码判断。
//
// 中文指南：https://github.com/wechatoa/wechat/tree/main/docs/zh
//
// It is a client of the WeChat Official Account API: users, menus, messages, content,
// statistics and everything else that the platform documents.
//
//	client := wechat.NewClient(appID, appSecret)
//	user, err := client.GetUser(ctx, openID)
//
// A [Client] fetches the access_token, shares it among all calls, refreshes it before
// it expires, and replaces it when the platform rejects it. Package callback receives
// the messages and events of followers, and package wechattest is a stateful fake of
// the platform for tests.
//
// # Errors
//
// The error of a failed call is, or wraps, one of four types:
//
//   - [*ArgumentError]: an argument is invalid, and no request was sent.
//   - [*Error]: the platform refused the call with an errcode.
//   - [*RequestError]: there was no usable response, because the connection failed, the
//     time limit was exceeded, or the HTTP status was not 2xx.
//   - [*DecodeError]: the response is not what the platform documents.
//
// Codes and families of codes can be compared with [errors.Is]:
//
//	if errors.Is(err, wechat.ErrUnreachableUser) { … }
//
// # Retries
//
// The outcome of an attempt is unknown after a timeout, a lost connection, an HTTP status
// of 5xx or errcode -1. Calls that read or set something are then retried, and sends with
// a client message ID are retried with the same ID. Other calls are not retried, and
// their error is [ErrUnknownOutcome]. A request that certainly did not reach the
// platform, or that was turned away with HTTP status 429, is retried for every call. A
// complete response that cannot be read ([*DecodeError]) is never retried.
//
// [WithRetry] sets the number of attempts. Retries draw on a budget that successful
// calls refill, so that an outage is not amplified.
//
// # Index
//
// These are all methods by area, with the titles of their official pages. A method whose
// name begins with All iterates over all pages of the List method of the same name.
//
// # Account and tokens (账号与凭据)
//
//   - [Client.AppID] 开发者ID
//   - [Client.Close] 关闭客户端
//   - [Client.Token] 获取稳定版接口调用凭据
//   - [Client.TokenWithTTL] 获取稳定版接口调用凭据
//   - [Client.GetAccessToken] 获取接口调用凭据
//   - [Client.GetStableAccessToken] 获取稳定版接口调用凭据
//   - [Client.RefreshStableAccessToken] 获取稳定版接口调用凭据
//   - [Client.CheckCallback] 网络通信检测
//   - [Client.ListAPIDomainIPs] 获取微信API服务器IP
//   - [Client.ListCallbackIPs] 获取微信推送服务器IP
//   - [Client.ClearQuota] 重置API调用次数
//   - [Client.ClearQuotaBySecret] 使用AppSecret重置API调用次数
//   - [Client.ClearAPIQuota] 重置指定API调用次数
//   - [Client.GetAPIQuota] 查询API调用额度
//   - [Client.GetRequestInfo] 查询rid信息
//   - [Client.CreateOpenAccount] 创建开放平台账号
//   - [Client.GetOpenAccount] 获取开放平台账号
//   - [Client.BindOpenAccount] 绑定开放平台账号
//   - [Client.UnbindOpenAccount] 解绑开放平台账号
//   - [Client.Do] 接口调用
//   - [Client.GetTicket] 获取sdk临时票据
//   - [Client.Ticket] 获取sdk临时票据
//   - [Client.TicketWithTTL] 获取sdk临时票据
//   - [Client.SignPage] JS-SDK使用权限签名
//   - [Client.SignCard] 添加卡券签名
//   - [Client.SignCardChoice] 拉取适用卡券列表签名
//
// # Menus (自定义菜单)
//
//   - [Client.CreateMenu] 创建自定义菜单
//   - [Client.GetCurrentMenu] 查询自定义菜单信息
//   - [Client.GetMenu] 获取自定义菜单配置
//   - [Client.DeleteMenu] 删除自定义菜单
//   - [Client.AddConditionalMenu] 创建个性化菜单
//   - [Client.DeleteConditionalMenu] 删除个性化菜单
//   - [Client.TryMatchMenu] 测试个性化菜单匹配结果
//
// # Users (用户管理)
//
//   - [Client.GetUser] 获取用户基本信息
//   - [Client.GetUserInLanguage] 获取用户基本信息
//   - [Client.GetUsers] 批量获取用户基本信息
//   - [Client.GetUsersInLanguage] 批量获取用户基本信息
//   - [Client.ListFollowerIDs] 获取关注用户列表
//   - [Client.AllFollowerIDs] 获取关注用户列表
//   - [Client.AllFollowers] 批量获取用户基本信息
//   - [Client.AllFollowersInLanguage] 批量获取用户基本信息
//   - [Client.SetRemark] 设置用户备注名
//   - [Client.ConvertOpenIDs] 转换openid
//   - [Client.ListBlacklist] 获取公众号的黑名单列表
//   - [Client.AllBlacklist] 获取公众号的黑名单列表
//   - [Client.AddToBlacklist] 拉黑用户
//   - [Client.RemoveFromBlacklist] 取消拉黑用户
//
// # Tags (用户标签管理)
//
//   - [Client.CreateTag] 创建标签
//   - [Client.ListTags] 获取标签列表
//   - [Client.UpdateTag] 编辑标签
//   - [Client.DeleteTag] 删除标签
//   - [Client.ListTagFollowerIDs] 获取标签下粉丝列表
//   - [Client.AllTagFollowerIDs] 获取标签下粉丝列表
//   - [Client.TagUsers] 批量为用户打标签
//   - [Client.UntagUsers] 批量为用户取消标签
//   - [Client.ListUserTagIDs] 获取用户的标签列表
//
// # Template messages (模板消息)
//
//   - [Client.SendTemplateMessage] 发送模板消息
//   - [Client.ListTemplates] 获取已选用模板列表
//   - [Client.AddTemplate] 选用模板
//   - [Client.DeleteTemplate] 删除模板
//   - [Client.SetIndustries] 设置所属行业
//   - [Client.GetIndustries] 获取行业信息
//   - [Client.ListBlockedMessages] 查询拦截的模板消息
//   - [Client.AllBlockedMessages] 查询拦截的模板消息
//
// # Customer-service messages (客服消息)
//
//   - [Client.SendCustomMessage] 发送客服消息
//   - [Client.SendCustomMessageJSON] 发送客服消息
//   - [Client.StartTyping] 客服输入状态
//   - [Client.StopTyping] 客服输入状态
//   - [Client.ListMessageRecords] 获取聊天记录
//   - [Client.AllMessageRecords] 获取聊天记录
//
// # Customer service (客服管理)
//
//   - [Client.ListKFAccounts] 获取所有客服账号
//   - [Client.ListOnlineKFAccounts] 获取在线客服列表
//   - [Client.CreateKFAccount] 添加客服账号
//   - [Client.UpdateKFAccount] 修改客服账号
//   - [Client.DeleteKFAccount] 删除客服账号
//   - [Client.InviteKFAgent] 邀请绑定客服账号
//   - [Client.UploadKFAvatar] 设置客服头像
//   - [Client.CreateKFSession] 创建会话
//   - [Client.CloseKFSession] 关闭会话
//   - [Client.GetKFSession] 获取客户会话状态
//   - [Client.ListKFSessions] 获取客服会话列表
//   - [Client.ListKFWaitingUsers] 获取未接入会话列表
//
// # Mass messages (群发消息)
//
//   - [Client.SendMass] 根据标签群发消息
//   - [Client.SendMassToUsers] 根据OpenID群发消息
//   - [Client.PreviewMass] 预览消息
//   - [Client.GetMassJob] 查询群发消息发送状态
//   - [Client.DeleteMass] 删除群发消息
//   - [Client.DeleteMassArticle] 删除群发消息
//   - [Client.DeleteMassArticleByURL] 删除群发消息
//   - [Client.GetMassSpeed] 获取群发速度
//   - [Client.SetMassSpeed] 设置群发速度
//   - [Client.UploadArticleImage] 上传图文消息图片
//   - [Client.UploadMassNews] 上传图文消息素材
//   - [Client.UploadMassVideo] 上传群发视频
//
// # Subscription notifications (订阅通知)
//
//   - [Client.SendSubscribeMessage] 发送订阅通知
//   - [Client.ListSubscribeTemplates] 获取已有模板列表
//   - [Client.AddSubscribeTemplate] 选用模板
//   - [Client.DeleteSubscribeTemplate] 删除模板
//   - [Client.ListSubscribeCategories] 获取类目
//   - [Client.ListLibraryTemplates] 获取类目下的公共模板
//   - [Client.AllLibraryTemplates] 获取类目下的公共模板
//   - [Client.ListLibraryKeywords] 获取模板中的关键词
//   - [Client.SendOneTimeMessage] 发送一次性订阅消息
//   - [Client.OneTimeSubscribeURL] 一次性订阅消息授权
//
// # Automatic replies (自动回复)
//
//   - [Client.GetAutoReplies] 获取自动回复规则
//
// # Media and materials (素材管理)
//
//   - [Client.UploadMedia] 新增临时素材
//   - [Client.DownloadMedia] 获取临时素材
//   - [Client.DownloadHDVoice] 获取高清语音素材
//   - [Client.UploadMaterial] 上传永久素材
//   - [Client.UploadVideoMaterial] 上传永久素材
//   - [Client.GetMaterial] 获取永久素材
//   - [Client.DeleteMaterial] 删除永久素材
//   - [Client.GetMaterialCount] 获取永久素材总数
//   - [Client.ListMaterials] 获取永久素材列表
//   - [Client.AllMaterials] 获取永久素材列表
//
// # Drafts and publishing (草稿与发布)
//
//   - [Client.CreateDraft] 新增草稿
//   - [Client.UpdateDraft] 更新草稿
//   - [Client.GetDraft] 获取草稿详情
//   - [Client.DeleteDraft] 删除草稿
//   - [Client.GetDraftCount] 获取草稿的总数
//   - [Client.ListDrafts] 获取草稿列表
//   - [Client.AllDrafts] 获取草稿列表
//   - [Client.GetProductCard] 获取商品卡片的DOM结构
//   - [Client.OpenDraftBox] 草稿箱开关设置 Deprecated.
//   - [Client.IsDraftBoxOpen] 草稿箱开关设置 Deprecated.
//   - [Client.PublishDraft] 发布草稿
//   - [Client.GetPublishJob] 发布状态查询
//   - [Client.DeletePublication] 删除发布文章
//   - [Client.DeletePublishedArticle] 删除发布文章
//   - [Client.GetPublication] 获取已发布图文信息
//   - [Client.ListPublications] 获取已发布的消息列表
//   - [Client.AllPublications] 获取已发布的消息列表
//
// # Comments (留言管理)
//
//   - [Client.OpenComments] 打开已群发文章评论
//   - [Client.CloseComments] 关闭已群发文章评论
//   - [Client.ListComments] 查看指定文章的评论数据
//   - [Client.AllComments] 查看指定文章的评论数据
//   - [Client.FeatureComment] 将评论标记精选
//   - [Client.UnfeatureComment] 将评论取消精选
//   - [Client.DeleteComment] 删除评论
//   - [Client.ReplyToComment] 回复评论
//   - [Client.DeleteCommentReply] 删除回复
//
// # QR codes and links (二维码与短链)
//
//   - [Client.CreateQRCode] 生成带参数的二维码
//   - [Client.CreatePermanentQRCode] 生成带参数的二维码
//   - [Client.DownloadQRCode] 通过ticket换取二维码
//   - [Client.AddQRCodeJumpRule] 增加或修改二维码规则
//   - [Client.UpdateQRCodeJumpRule] 增加或修改二维码规则
//   - [Client.PublishQRCodeJumpRule] 发布已设置的二维码规则
//   - [Client.DeleteQRCodeJumpRule] 删除已设置的二维码规则
//   - [Client.GetQRCodeJumpRules] 获取已设置的二维码规则
//   - [Client.ListQRCodeJumpRules] 获取已设置的二维码规则
//   - [Client.AllQRCodeJumpRules] 获取已设置的二维码规则
//   - [Client.CreateShortKey] 长信息转短链
//   - [Client.GetShortKey] 短链转长信息
//
// # Web pages (网页开发)
//
//   - [Client.OAuthURL] 网页授权
//   - [Client.ExchangeOAuthCode] 换取用户授权凭证
//   - [Client.GetOAuthUserByCode] 换取用户授权凭证
//   - [Client.RefreshOAuthToken] 刷新用户授权凭证
//   - [Client.GetOAuthUser] 获取授权用户信息
//   - [Client.GetOAuthUserInLanguage] 获取授权用户信息
//   - [Client.CheckOAuthToken] 检验用户授权凭证
//
// # Statistics (数据统计)
//
//   - [Client.ListUserSummaries] 获取用户增减数据
//   - [Client.AllUserSummaries] 获取用户增减数据
//   - [Client.ListUserTotals] 获取累计用户数据
//   - [Client.AllUserTotals] 获取累计用户数据
//   - [Client.ListArticleReads] 获取发表内容每日阅读数据
//   - [Client.AllArticleReads] 获取发表内容每日阅读数据
//   - [Client.ListArticleShares] 获取发表内容每日分享数据
//   - [Client.AllArticleShares] 获取发表内容每日分享数据
//   - [Client.ListAccountSummaries] 获取发表内容概况总数据
//   - [Client.AllAccountSummaries] 获取发表内容概况总数据
//   - [Client.ListArticleDetails] 获取发表内容发表详细数据
//   - [Client.AllArticleDetails] 获取发表内容发表详细数据
//   - [Client.ListUpstreamDays] 获取消息发送概况数据
//   - [Client.AllUpstreamDays] 获取消息发送概况数据
//   - [Client.ListUpstreamHours] 获取消息发送分时数据
//   - [Client.AllUpstreamHours] 获取消息发送分时数据
//   - [Client.ListUpstreamWeeks] 获取消息发送周数据
//   - [Client.AllUpstreamWeeks] 获取消息发送周数据
//   - [Client.ListUpstreamMonths] 获取消息发送月数据
//   - [Client.AllUpstreamMonths] 获取消息发送月数据
//   - [Client.ListUpstreamDistributionDays] 获取消息发送分布数据
//   - [Client.AllUpstreamDistributionDays] 获取消息发送分布数据
//   - [Client.ListUpstreamDistributionWeeks] 获取消息发送分布周数据
//   - [Client.AllUpstreamDistributionWeeks] 获取消息发送分布周数据
//   - [Client.ListUpstreamDistributionMonths] 获取消息发送分布月数据
//   - [Client.AllUpstreamDistributionMonths] 获取消息发送分布月数据
//   - [Client.ListInterfaceSummaries] 获取接口分析数据
//   - [Client.AllInterfaceSummaries] 获取接口分析数据
//   - [Client.ListInterfaceHours] 获取接口分析分时数据
//   - [Client.AllInterfaceHours] 获取接口分析分时数据
//   - [Client.ListArticleSummaries] 获取图文群发每日数据 Deprecated.
//   - [Client.AllArticleSummaries] 获取图文群发每日数据 Deprecated.
//   - [Client.ListArticleTotals] 获取图文群发总数据 Deprecated.
//   - [Client.AllArticleTotals] 获取图文群发总数据 Deprecated.
//   - [Client.ListReadSummaries] 获取图文阅读概况数据 Deprecated.
//   - [Client.AllReadSummaries] 获取图文阅读概况数据 Deprecated.
//   - [Client.ListReadHours] 获取图文阅读分时数据 Deprecated.
//   - [Client.AllReadHours] 获取图文阅读分时数据 Deprecated.
//   - [Client.ListShareSummaries] 获取图文转发概况数据 Deprecated.
//   - [Client.AllShareSummaries] 获取图文转发概况数据 Deprecated.
//   - [Client.ListShareHours] 获取图文转发分时数据 Deprecated.
//   - [Client.AllShareHours] 获取图文转发分时数据 Deprecated.
//   - [Client.ListAdDays] 获取公众号分广告位数据
//   - [Client.AllAdDays] 获取公众号分广告位数据
//   - [Client.ListCommissionDays] 获取公众号返佣商品数据
//   - [Client.AllCommissionDays] 获取公众号返佣商品数据
//   - [Client.ListSettlements] 获取公众号结算收入数据及结算主体信息
//   - [Client.AllSettlements] 获取公众号结算收入数据及结算主体信息
//
// # AI and recognition (智能接口)
//
//   - [Client.SubmitVoice] 上传语音文件
//   - [Client.GetVoiceText] 获取语音识别结果
//   - [Client.TranslateContent] 微信翻译
//   - [Client.CropImage] 图片智能裁剪
//   - [Client.UpscaleImage] 图片高清化
//   - [Client.RecognizeCodes] 图片条码/二维码识别
//   - [Client.RecognizeIDCard] 身份证OCR识别
//   - [Client.RecognizeBankCard] 银行卡OCR识别
//   - [Client.RecognizeVehicleLicense] 行驶证OCR识别
//   - [Client.RecognizeDriverLicense] 驾驶证OCR识别
//   - [Client.RecognizeBusinessLicense] 营业执照OCR识别
//   - [Client.RecognizeText] 通用印刷体OCR识别
//   - [Client.RecognizeRestaurantMenu] 菜单OCR识别
//   - [Client.RecognizePlateNumber] 车牌识别
//
// # Stores (门店与小程序)
//
//   - [Client.CreateStore] 新增门店
//   - [Client.UpdateStore] 更新门店信息
//   - [Client.GetStore] 获取门店详情
//   - [Client.ListStores] 获取门店列表
//   - [Client.AllStores] 获取门店列表
//   - [Client.DeleteStore] 删除门店
//   - [Client.ListStoreCategories] 拉取门店小程序类目
//   - [Client.CreateStoreMiniProgram] 创建门店小程序
//   - [Client.GetStoreMiniProgramAudit] 获取门店小程序审核结果
//   - [Client.UpdateStoreMiniProgram] 修改门店小程序信息
//   - [Client.GetDistricts] 获取省市区信息
//   - [Client.SearchMapPOIs] 搜索门店地图信息
//   - [Client.CreateMapPOI] 在地图中创建门店
//
// # Invoices (电子发票)
//
//   - [Client.GetInvoiceAuthURL] 获取授权页链接
//   - [Client.GetInvoiceAuth] 查询授权信息
//   - [Client.RejectInvoice] 拒绝开票
//   - [Client.SetInvoiceAuthFields] 查询与设置授权页与商户信息
//   - [Client.GetInvoiceAuthFields] 查询与设置授权页与商户信息
//   - [Client.SetInvoiceMerchant] 查询与设置授权页与商户信息
//   - [Client.GetInvoiceMerchant] 查询与设置授权页与商户信息
//   - [Client.SetInvoiceContact] 查询与设置授权页与商户信息
//   - [Client.GetInvoiceContact] 查询与设置授权页与商户信息
//   - [Client.GetInvoiceTitleURL] 录入抬头到用户微信
//   - [Client.GetInvoiceTitleChoiceURL] 获取商户专属抬头链接
//   - [Client.ScanInvoiceTitle] 扫描用户的发票抬头二维码
//   - [Client.GetInvoicePlatform] 获取开票平台识别码
//   - [Client.CreateInvoiceCard] 创建发票卡券模板
//   - [Client.UploadInvoicePDF] 上传发票PDF
//   - [Client.GetInvoicePDF] 获取上传的发票PDF
//   - [Client.InsertInvoice] 将电子发票卡券插入用户卡包
//   - [Client.SetIssuedInvoiceStatus] 更新发票卡券状态
//   - [Client.GetInvoice] 查询报销发票信息
//   - [Client.GetInvoices] 批量获取报销发票信息
//   - [Client.SetInvoiceStatus] 更新报销发票状态
//   - [Client.SetInvoiceStatuses] 批量更新报销发票状态
//   - [Client.IssueInvoice] 统一开票接口-开具蓝票
//   - [Client.ReverseInvoice] 统一开票接口-发票冲红
//   - [Client.GetIssuedInvoice] 统一开票接口-查询已开发票
//   - [Client.GetFiscalAuthURL] 获取授权页链接
//   - [Client.CreateFiscalCard] 创建财政电子票据模板
//   - [Client.InsertFiscalReceipt] 票据插入用户卡包
//
// # Government fees (非税缴费)
//
//   - [Client.GetNontaxFee] 查询应收信息
//   - [Client.CreateNontaxOrder] 缴费支付下单
//   - [Client.PayNontaxByCode] 提交刷卡支付
//   - [Client.GetNontaxOrder] 获取缴费订单详情
//   - [Client.ListNontaxOrderIDs] 获取缴费订单列表
//   - [Client.RefundNontaxOrder] 缴费订单退款
//   - [Client.DownloadNontaxBill] 下载缴费对帐单
//   - [Client.ResendNontaxNotification] 通知不一致订单
//   - [Client.MockNontaxNotification] 模拟支付结果通知
//   - [Client.MockNontaxQuery] 模拟查询应收信息
//   - [Client.GetNontaxVehicle] 用户状态查询
//   - [Client.NotifyNontaxEntrance] 用户入场通知
//   - [Client.ChargeNontaxVehicle] 申请扣款
//   - [Client.GetRealNameAuthURL] 获取实名授权链接
//   - [Client.GetRealName] 获取用户实名信息
//
// # Item codes and medical notices (一物一码与城市服务)
//
//   - [Client.CreateItemCodeOrder] 申请二维码接口
//   - [Client.GetItemCodeOrder] 查询二维码申请单接口
//   - [Client.DownloadItemCodes] 下载二维码包接口
//   - [Client.ActivateItemCodes] 激活二维码接口
//   - [Client.GetItemCode] 查询二维码激活状态接口
//   - [Client.GetItemCodeByTicket] CODE_TICKET换CODE接口
//   - [Client.SendMedicalMessage] 就医助手消息推送
//   - [Client.GetMedicalRealName] 查询用户实名API
//   - [Client.HasMedicalSubscription] 查询用户是否开通
package wechat
