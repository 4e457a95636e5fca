"""Answers texts with nothing but the standard library, and sends a customer-service
message, which reaches the simulator through the proxy."""

import hashlib
import json
import os
import time
import urllib.request
import xml.etree.ElementTree
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PLATFORM = "https://api.weixin.qq.com"
REPLY = """<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>
<CreateTime>{time}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content></xml>"""


def call(path, body):
    data = json.dumps(body, ensure_ascii=False).encode()
    with urllib.request.urlopen(PLATFORM + path, data=data, timeout=10) as response:
        return json.load(response)


def send(openid, content):
    token = call("/cgi-bin/stable_token", {
        "grant_type": "client_credential", "appid": os.environ["WECHAT_APP_ID"], "secret": os.environ["WECHAT_APP_SECRET"],
    })["access_token"]
    call("/cgi-bin/message/custom/send?access_token=" + token, {"touser": openid, "msgtype": "text", "text": {"content": content}})


class Program(BaseHTTPRequestHandler):
    def do_GET(self):
        query = self.verified()
        self.answer(query["echostr"][0] if query else "")

    def do_POST(self):
        message = xml.etree.ElementTree.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.verified() or message.findtext("MsgType") != "text":
            return self.answer("")
        sender, content = message.findtext("FromUserName"), message.findtext("Content")
        send(sender, "Python, later: " + content)
        self.answer(REPLY.format(to=sender, sender=message.findtext("ToUserName"), time=int(time.time()), content="Python: " + content))

    def verified(self):
        query = parse_qs(urlsplit(self.path).query)
        parts = sorted([os.environ["WECHAT_TOKEN"], query["timestamp"][0], query["nonce"][0]])
        valid = hashlib.sha1("".join(parts).encode()).hexdigest() == query["signature"][0]
        return query if valid else None

    def answer(self, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Program)
print(f"http://127.0.0.1:{server.server_port}/wechat", flush=True)
server.serve_forever()
