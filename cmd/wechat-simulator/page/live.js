// The live stream of the simulator.

import { api } from "./api.js";

const names = [
  "hello", "call", "push", "message", "follower", "callback", "tags", "tokens", "quota", "fault", "clock", "menu", "qrcode",
  "article", "comment", "typing", "reset", "resync",
];

const firstPause = 500; // milliseconds before the first new attempt
const longestPause = 8000;

/**
 * Follows the stream while the page is visible: a browser opens only six connections to a
 * host, so that the streams of hidden tabs would leave none for the others. The stream
 * continues after the last event when the page is shown again, or where the browser gives
 * up reconnecting by itself.
 *
 * @param {() => number|string} position the sequence number of the last known event
 * @param {(name: string, data: any, id: string) => void} receive
 * @param {(connected: boolean) => void} report
 */
export function follow(position, receive, report) {
  let pause = firstPause;
  let source = null;
  let timer = 0;
  const close = () => {
    clearTimeout(timer);
    source?.close();
  };
  const open = () => {
    source = new EventSource(`/simulator/live?after=${encodeURIComponent(position())}`);
    source.onopen = () => {
      pause = firstPause;
      report(true);
    };
    source.onerror = () => {
      report(false);
      if (source.readyState !== EventSource.CLOSED) return;
      api.clock().catch(() => {}); // asks for the password if that is why
      timer = setTimeout(open, pause);
      pause = Math.min(2 * pause, longestPause);
    };
    for (const name of names) {
      source.addEventListener(name, (event) => receive(name, JSON.parse(event.data || "{}"), event.lastEventId));
    }
  };
  const change = () => {
    close();
    if (!document.hidden) open();
  };
  document.addEventListener("visibilitychange", change);
  change();
}
