// Everything that the page says, in Chinese and in English.

/**
 * @typedef {object} Note why something happened, in the words of the simulator
 * @property {string} code
 * @property {string} zh
 * @property {string} en
 */

const storageKey = "language";
const order = ["zh", "en"];

/** Each text in Chinese and in English. {0} and {1} are replaced by values. */
export const strings = {
  // the bar and the panels
  simulator: ["公众号模拟器", "Official Account simulator"],
  views: ["视图", "Views"],
  followers: ["粉丝", "Followers"],
  chat: ["会话", "Chat"],
  console: ["控制台", "Console"],
  language: ["语言", "Language"],
  connected: ["已连接", "Live"],
  reconnecting: ["正在重新连接…", "Reconnecting…"],
  noSimulator: ["模拟器没有响应，正在重试。请检查它是否仍在运行。", "The simulator does not respond; trying again. Check that it is still running."],
  "callback.none": ["未设置服务器地址", "No callback URL"],
  "callback.unverified": ["服务器地址未验证", "Callback not verified"],
  "callback.verified": ["服务器地址已验证", "Callback verified"],
  "callback.failed": ["服务器地址验证失败", "Verification failed"],
  "callback.paused": ["推送已暂停", "Pushes paused"],
  reset: ["重置", "Reset"],
  resetAsks: ["清除所有粉丝、消息、菜单和令牌，恢复初始状态？", "Remove all followers, messages, menus and tokens, and start over?"],
  cancel: ["取消", "Cancel"],
  close: ["关闭", "Close"],
  loading: ["加载中…", "Loading…"],
  copied: ["已复制", "Copied"],
  copyByHand: ["浏览器不允许自动复制，请手动复制", "The browser does not allow copying; copy the text by hand"],

  // the first steps
  welcome: ["开始使用", "Getting started"],
  welcomeText: ["不需要真实的公众号：在这里以粉丝的身份与自己的程序对话。", "No real account needed: talk to your own program as one of its followers."],
  stepCallback: ["连接程序", "Connect your program"],
  stepCallbackHint: ["填写程序的服务器地址（URL）并验证。", "Enter the callback URL of your program and verify it."],
  openSetup: ["打开接入设置", "Open the setup"],
  stepFollower: ["添加粉丝", "Add a follower"],
  stepFollowerHint: ["之后你就以这位粉丝的身份操作。", "From then on you act as this follower."],
  stepMessage: ["发送消息", "Send a message"],
  stepMessageHint: ["程序的回复会像在手机上一样出现。", "The reply of your program appears as it would on a phone."],

  // followers
  searchFollowers: ["搜索粉丝", "Search followers"],
  followerCount: ["{0} 位粉丝", "{0} followers"],
  foundCount: ["{1} 条中的 {0} 条", "{0} of {1}"],
  addFollower: ["添加粉丝", "Add a follower"],
  editProfile: ["编辑资料", "Edit the profile"],
  nickname: ["昵称", "Nickname"],
  remark: ["备注名", "Remark"],
  remarkHint: ["公众号给粉丝起的名字", "The account's own name for the follower"],
  appLanguage: ["语言", "Language"],
  device: ["设备", "Device"],
  otherDevice: ["其他", "Other"],
  tags: ["标签", "Tags"],
  noTags: ["还没有标签，可通过接口创建。", "There are no tags yet; create them through the API."],
  random: ["随机", "random"],
  addAsStranger: ["尚未关注公众号", "Does not follow the account yet"],
  refusesMessages: ["拒收公众号的消息", "Refuses the account's messages"],
  add: ["添加", "Add"],
  save: ["保存", "Save"],
  subscribe: ["关注", "Subscribe"],
  unsubscribe: ["取消关注", "Unsubscribe"],
  following: ["已关注", "Following"],
  notFollowing: ["未关注", "Not following"],
  blacklisted: ["在黑名单中", "On the blacklist"],
  refusing: ["拒收消息", "Refuses messages"],
  noMessages: ["暂无消息", "No messages yet"],
  unread: ["{0} 条未读消息", "{0} unread messages"],
  event: ["事件", "Event"],

  // the chat
  conversation: ["与公众号的会话", "Conversation with the account"],
  account: ["公众号", "Account"],
  typing: ["对方正在输入…", "The account is typing…"],
  earlier: ["查看更早的消息", "Show earlier messages"],
  waiting: ["等待程序回复", "Waiting for the program"],
  reason: ["原因", "Reason"],
  showInLog: ["查看日志", "Show in the log"],
  writeMessage: ["发消息", "Write a message"],
  send: ["发送", "Send"],
  more: ["更多", "More"],
  showMenu: ["显示菜单", "Show the menu"],
  showKeyboard: ["显示键盘", "Show the keyboard"],
  accountMenu: ["公众号菜单", "Menu of the account"],
  copyConversation: ["将会话复制为 Go 测试", "Copy the conversation as a Go test"],
  open: ["打开", "Open"],
  openFile: ["打开文件", "Open the file"],
  untitled: ["无标题", "Untitled"],
  buttonWithoutEffect: ["模拟器不支持 {0} 类型的按钮。", "The simulator has no effect for buttons of type {0}."],
  materialShown: ["手机会显示这个素材：", "A phone shows this material:"],
  "via.reply": ["被动回复", "Reply"],
  "via.customer service": ["客服消息", "Customer service"],
  "via.template": ["模板消息", "Template message"],
  "via.subscription": ["订阅通知", "Subscription notification"],
  "via.mass": ["群发消息", "Mass message"],
  "via.preview": ["群发预览", "Preview of a mass message"],
  "via.one-time": ["一次性订阅消息", "One-time subscription"],
  "type.text": ["文字", "Text"],
  "type.image": ["图片", "Image"],
  "type.voice": ["语音", "Voice"],
  "type.video": ["视频", "Video"],
  "type.shortvideo": ["小视频", "Short video"],
  "type.mpvideo": ["视频", "Video"],
  "type.location": ["位置", "Location"],
  "type.link": ["链接", "Link"],
  "type.news": ["图文", "Article"],
  "type.mpnews": ["图文", "Article"],
  "type.mpnewsarticle": ["图文", "Article"],
  "type.music": ["音乐", "Music"],
  "type.msgmenu": ["菜单消息", "Menu message"],
  "type.miniprogrampage": ["小程序", "Mini program"],
  "type.wxcard": ["卡券", "Coupon"],
  "type.template": ["模板消息", "Template message"],
  "type.subscription": ["订阅通知", "Notification"],
  "type.transfer_customer_service": ["已转接人工客服", "Handed over to an agent"],
  "event.subscribe": ["你关注了公众号", "You subscribed to the account"],
  "event.unsubscribe": ["你取消了关注", "You unsubscribed"],
  "event.SCAN": ["你扫描了二维码", "You scanned a QR code"],
  "event.CLICK": ["你点击了菜单", "You tapped the menu"],
  "event.VIEW": ["你打开了链接", "You opened a link"],
  "event.view_miniprogram": ["你打开了小程序", "You opened a mini program"],
  "event.scancode_push": ["你扫码了", "You scanned a code"],
  "event.scancode_waitmsg": ["你扫码并等待回复", "You scanned a code and wait"],
  "event.pic_sysphoto": ["你拍了照片", "You took a photo"],
  "event.pic_photo_or_album": ["你选择了照片", "You chose a photo"],
  "event.pic_weixin": ["你选择了照片", "You chose a photo"],
  "event.location_select": ["你选择了位置", "You chose a place"],
  "event.LOCATION": ["上报了地理位置", "Your location was reported"],
  "event.subscribe_msg_popup_event": ["你回应了订阅通知的请求", "You answered a request for notifications"],

  // what a follower sends
  file: ["文件", "File"],
  sampleFile: ["不选择文件时发送一个示例文件。", "Without a file, a sample is sent."],
  sampleVoice: ["AMR 文件；不选择时发送一段空语音。", "An AMR file; without one, an empty recording is sent."],
  latitude: ["纬度", "Latitude"],
  longitude: ["经度", "Longitude"],
  placeLabel: ["地点名称", "Name of the place"],
  title: ["标题", "Title"],
  description: ["描述", "Description"],
  scanCode: ["扫一扫", "Scan a QR code"],
  scan: ["扫描", "Scan"],
  scene: ["场景值", "Scene"],
  scanScene: ["或直接输入场景值（scene）：", "Or enter a scene:"],
  scanResult: ["二维码的内容", "Content of the code"],
  noCodes: ["还没有通过接口创建的二维码。", "No QR code was created through the API yet."],
  codeExpired: ["已过期", "expired"],
  codePermanent: ["永久", "permanent"],
  codeUntil: ["有效期至 {0}", "valid until {0}"],
  acceptNotification: ["订阅通知", "Accept a notification"],
  noNotifications: ["还没有订阅通知模板，可通过接口添加。", "There are no templates for notifications yet; add them through the API."],
  accept: ["允许", "Accept"],
  refuse: ["拒绝", "Refuse"],

  // authorization pages
  consentPage: ["网页授权", "authorization page"],
  consentTitle: ["网页授权", "Authorization"],
  consentAsks: ["网页请求获取 {0} 的身份。", "A web page asks who {0} is."],
  consentGiven: ["已授权，手机随后打开：", "Authorized. The phone then opens:"],
  consentOnward: ["打开网页", "Open the page"],
  allow: ["允许", "Allow"],
  openConsent: ["打开授权链接", "Open an OAuth link"],
  consentLink: ["授权链接", "Authorization link"],
  consentLinkHint: ["粘贴程序生成的网页授权链接。", "Paste the authorization link that your program creates."],
  notConsentPage: ["这不是网页授权链接。", "This is not the link of an authorization page."],

  // articles
  article: ["文章", "Article"],
  articles: ["已发布的文章", "Published articles"],
  noArticles: ["还没有发布文章。", "Nothing was published yet."],
  articleDeleted: ["该内容已被发布者删除。", "The publisher has deleted this article."],
  comments: ["留言", "Comments"],
  commentsClosed: ["该文章未开启留言。", "This article does not accept comments."],
  writeComment: ["写留言", "Write a comment"],
  featured: ["精选", "Featured"],

  // the console
  "tab.log": ["日志", "Log"],
  "tab.setup": ["接入", "Setup"],
  "tab.tokens": ["令牌", "Tokens"],
  "tab.quotas": ["额度", "Quotas"],
  "tab.faults": ["故障", "Faults"],
  "tab.clock": ["时钟", "Clock"],

  // the log
  searchLog: ["搜索路径、事件、内容", "Search paths, events, bodies"],
  filter: ["筛选", "Filter"],
  "filter.all": ["全部", "All"],
  "filter.calls": ["调用", "Calls"],
  "filter.pushes": ["推送", "Pushes"],
  "filter.failed": ["失败", "Failed"],
  entryCount: ["{0} 条记录", "{0} entries"],
  details: ["详情", "Details"],
  "kind.call": ["接口调用", "API call"],
  "kind.push": ["推送", "Push"],
  noResponse: ["无响应", "no response"],
  blocked: ["未推送", "blocked"],
  paused: ["已暂停", "paused"],
  "seen.reply": ["有回复", "reply"],
  "seen.nothing": ["无回复", "no reply"],
  "seen.unavailable": ["故障提示", "unavailable"],
  duration: ["耗时", "Time"],
  at: ["时间", "At"],
  executed: ["已执行", "Executed"],
  yes: ["是", "yes"],
  no: ["否", "no"],
  query: ["查询参数", "Query"],
  requestBody: ["请求内容", "Request body"],
  response: ["响应", "Response"],
  copyCurl: ["复制为 curl", "Copy as curl"],
  copyGo: ["复制为 Go 测试", "Copy as Go test"],
  from: ["来自", "From"],
  saw: ["粉丝看到", "Seen"],
  answerTime: ["回复用时", "Time to answer"],
  clearXML: ["明文", "Content in clear"],
  encryptedXML: ["密文", "Content as sent"],
  deliveries: ["投递 {0} 次", "Deliveries: {0}"],
  answer: ["回复", "Answer"],
  answerEncrypted: ["回复密文", "Answer as received"],

  // setup
  callback: ["服务器配置", "Callback"],
  callbackHint: ["与公众平台的服务器配置相同：保存时验证 URL。", "As in the console of the platform: the URL is verified when you save."],
  tokenHint: ["3 至 32 个字母和数字", "3 to 32 letters and digits"],
  keyHint: ["43 个字母和数字", "43 letters and digits"],
  generate: ["随机生成", "Generate"],
  mode: ["消息加解密方式", "Encryption"],
  "mode.plain": ["明文模式", "Plain"],
  "mode.compatible": ["兼容模式", "Compatible"],
  "mode.safe": ["安全模式", "Safe"],
  dataFormat: ["数据格式", "Data format"],
  saveAndVerify: ["验证并保存", "Verify and save"],
  saveUnverified: ["直接保存", "Save without verification"],
  verifying: ["正在验证…", "Verifying…"],
  saving: ["正在保存…", "Saving…"],
  verified: ["验证通过，已保存。", "Verified and saved."],
  saved: ["已保存，未验证。", "Saved without verification."],
  pushesPaused: ["多次失败后，推送暂停一分钟。", "Pushes are paused for a minute after repeated failures."],
  accountHint: ["让程序使用这个账号和基础地址。", "Let your program use this account and base URL."],
  originalID: ["原始 ID", "Original ID"],
  baseURL: ["基础地址", "Base URL"],
  environment: ["环境变量", "Environment variables"],
  copyEnvironment: ["复制环境变量", "Copy the variables"],
  copyValue: ["复制 {0}", "Copy {0}"],
  reveal: ["显示", "Show"],

  // tokens
  tokensHint: ["撤销后，程序的下一次调用会得到 40001；过期后得到 42001。", "After revoking, the next call of the program gets 40001; after expiry, 42001."],
  noTokens: ["没有有效的令牌。", "There is no valid token."],
  kind: ["种类", "Kind"],
  value: ["值", "Value"],
  timeLeft: ["剩余时间", "Time left"],
  expired: ["已过期", "expired"],
  previousToken: ["旧令牌", "previous"],
  "token.token": ["普通令牌", "Token"],
  "token.stable_token": ["稳定版令牌", "Stable token"],
  expireTokens: ["使令牌过期", "Expire"],
  revokeTokens: ["撤销令牌", "Revoke"],
  tokensExpired: ["令牌已过期。", "The tokens have expired."],
  tokensRevoked: ["令牌已撤销。", "The tokens are revoked."],

  // quotas
  quotasHint: ["每日额度在北京时间零点恢复。", "Daily quotas are restored at midnight in Beijing."],
  searchPath: ["搜索路径", "Search paths"],
  path: ["路径", "Path"],
  usedOfLimit: ["已用 / 上限", "Used / limit"],
  perMinute: ["每分钟 {0} 次", "{0} a minute"],
  action: ["操作", "Action"],
  exhaust: ["用尽", "Use up"],
  quotaExhausted: ["{0} 的额度已用尽。", "The quota of {0} is used up."],
  clearQuotas: ["恢复所有额度", "Restore all quotas"],

  // faults
  faultsHint: ["打开后，所有调用都会如此，直到关闭。", "While a switch is on, every call fails this way."],
  "fault.busy": ["系统繁忙", "Busy"],
  "fault.busy.hint": ["每次调用返回 -1", "Every call returns -1"],
  "fault.slow": ["缓慢", "Slow"],
  "fault.slow.hint": ["每次调用延迟 3 秒", "Every call takes 3 more seconds"],
  "fault.quota": ["额度用尽", "Quota used up"],
  "fault.quota.hint": ["每次调用返回 45009", "Every call returns 45009"],
  "fault.token": ["令牌失效", "Token refused"],
  "fault.token.hint": ["每次调用返回 40001", "Every call returns 40001"],
  "fault.drop": ["断开连接", "Dropped connection"],
  "fault.drop.hint": ["不返回任何响应", "No response at all"],
  "fault.duplicate": ["重复推送", "Duplicate delivery"],
  "fault.duplicate.hint": ["每次推送投递两次", "Every push is delivered twice"],
  oneFault: ["添加单个故障", "Add a single fault"],
  fault: ["故障", "Fault"],
  times: ["次数", "Times"],
  anyPath: ["任意路径", "any path"],
  addFault: ["添加故障", "Add the fault"],
  activeFaults: ["生效中的故障", "Active faults"],
  noFaults: ["没有故障。", "No faults."],
  allCalls: ["所有调用", "all calls"],
  callsLeft: ["剩余 {0} 次", "{0} left"],
  remove: ["移除", "Remove"],
  clearFaults: ["清除全部故障", "Remove all faults"],

  // the clock
  clockReal: ["与本机时间相同", "The time of this machine"],
  clockAhead: ["比本机时间快 {0}", "{0} ahead of this machine"],
  clockHint: ["时钟只能向前。令牌、48 小时客服窗口和临时素材都按它计算。", "The clock only moves forward. Tokens, the 48-hour windows and temporary media follow it."],
  "clock.code": ["OAuth code 过期", "OAuth codes expire"],
  "clock.token": ["令牌过期", "Tokens expire"],
  "clock.window": ["客服窗口关闭", "Reply windows close"],
  "clock.media": ["临时素材过期", "Temporary media expire"],
  "clock.month": ["临时二维码过期", "Temporary QR codes expire"],
  hours: ["小时", "Hours"],
  advance: ["快进", "Move forward"],
};

let current = stored() ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

function stored() {
  const name = localStorage.getItem(storageKey);
  return order.includes(name) ? name : null;
}

/** Returns the language of the page: zh or en. */
export function language() {
  return current;
}

/** Changes the language, for this browser. */
export function setLanguage(name) {
  current = name;
  localStorage.setItem(storageKey, name);
}

/** Returns a text. Of a key that has none, such as that of a new event, it returns the last part. */
export function t(key, ...values) {
  const pair = strings[key];
  if (!pair) return key.slice(key.indexOf(".") + 1);
  return pair[order.indexOf(current)].replaceAll(/\{(\d)\}/g, (_, index) => values[index] ?? "");
}

/** Returns the words of the simulator in the language of the page. */
export function noteText(note) {
  return note[current] ?? note.en ?? note.code;
}
