// Answers texts with co-wechat, and sends a customer-service message with co-wechat-api,
// which reaches the simulator through the proxy.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.NODE_PACKAGES}/`);
const Koa = require('koa');
const wechat = require('co-wechat');
const API = require('co-wechat-api');
const { ProxyAgent } = await import(require.resolve('proxy-agent'));

const { WECHAT_TOKEN: token, WECHAT_APP_ID: appid, WECHAT_AES_KEY: encodingAESKey, WECHAT_APP_SECRET: secret } = process.env;
const api = new API(appid, secret);
api.setOpts({ agent: new ProxyAgent() });

const app = new Koa();
app.use(wechat({ token, appid, encodingAESKey }).middleware(async (message) => {
  await api.sendText(message.FromUserName, `Node.js, later: ${message.Content}`);
  return `Node.js: ${message.Content}`;
}));
const server = app.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/wechat`));
