// The fake platform, as the environment of cmd/wechat-simulator describes it. The tests
// check what the SDK did on the fake, not in the SDK.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import API from 'co-wechat-api';
import { ProxyAgent } from 'proxy-agent';

const env = process.env;

export const simulated = Boolean(env.WECHAT_SIMULATOR_URL);

// start resets the fake platform and returns the SDK, which reaches it through the
// proxy because its hosts are fixed.
export async function start() {
  await control('POST', '/reset');
  const api = new API(env.WECHAT_APP_ID, env.WECHAT_APP_SECRET);
  api.setOpts({ agent: new ProxyAgent(), timeout: 10_000 });
  return api;
}

// control sends a request to the control API and requires success.
export function control(method, path, body) {
  return send(method, env.WECHAT_SIMULATOR_URL + path, body);
}

// call calls an API of the platform without the SDK and requires success. Without a
// body, the method is GET.
export async function call(path, body) {
  const { access_token: token } = await send('POST', `${env.WECHAT_BASE_URL}/cgi-bin/stable_token`, {
    grant_type: 'client_credential', appid: env.WECHAT_APP_ID, secret: env.WECHAT_APP_SECRET,
  });
  const mark = path.includes('?') ? '&' : '?';
  const out = await send(body ? 'POST' : 'GET', `${env.WECHAT_BASE_URL}${path}${mark}access_token=${token}`, body);
  assert.equal(out.errcode ?? 0, 0, `${path}: ${JSON.stringify(out)}`);
  return out;
}

async function send(method, url, body) {
  const response = await fetch(url, {
    method, body: body && JSON.stringify(body), headers: body ? { 'Content-Type': 'application/json' } : {},
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${url}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

// executed returns how many calls of a path the platform executed.
export async function executed(path) {
  const { calls } = await control('GET', `/calls?path=${encodeURIComponent(path)}`);
  return calls.filter((c) => c.executed).length;
}

// follower adds a follower and returns the openid.
export async function follower(openid) {
  await control('POST', '/followers', { openid, nickname: 'Alice' });
  return openid;
}

export const view = (openid) => control('GET', `/followers/${openid}`);

// last returns the last message that reached a follower.
export async function last(openid) {
  const { messages } = await control('GET', `/followers/${openid}/messages`);
  assert.notEqual(messages.length, 0, `${openid} got nothing`);
  return messages.at(-1);
}

// writes makes a follower write, which opens the reply window.
export function writes(openid, content) {
  return control('POST', `/followers/${openid}/messages`, { type: 'text', content });
}

const extensions = { image: 'png', thumb: 'jpg', voice: 'mp3', video: 'mp4' };

// media adds a file to the fake and returns its id.
export async function media(type, permanent = false) {
  const file = { type, name: `a.${extensions[type]}`, data: Buffer.from('content').toString('base64'), permanent };
  return (await control('POST', '/media', file)).media_id;
}

const files = mkdtempSync(join(tmpdir(), 'foreign-'));
process.on('exit', () => rmSync(files, { recursive: true }));

// file writes a file and returns its name.
export function file(name, content) {
  const path = join(files, name);
  writeFileSync(path, content);
  return path;
}

// refused requires a call to fail with an errcode.
export function refused(promise, code) {
  return assert.rejects(promise, (err) => err.code === code || assert.fail(`${err.code} ${err.message}, not ${code}`));
}
