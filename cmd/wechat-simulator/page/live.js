// The live stream of the simulator.

import { api } from "./api.js";

const names = [
  "hello", "call", "push", "message", "follower", "callback", "tags", "tokens", "quota", "fault", "clock", "menu", "qrcode",
  "article", "comment", "typing", "reset", "resync",
];

const firstPause = 500; // milliseconds before the first new attempt
const longestPause = 8000;

/**
 * Follows the stream for as long as the page is open. The browser reconnects by itself
 * and asks for what it missed; where it gives up, a new stream continues after the last
 * event.
 *
 * @param {() => number|string} position the sequence number of the last known event
 * @param {(name: string, data: any, id: string) => void} receive
 * @param {(connected: boolean) => void} report
 */
export function follow(position, receive, report) {
  let pause = firstPause;
  const open = () => {
    const source = new EventSource(`/simulator/live?after=${encodeURIComponent(position())}`);
    source.onopen = () => {
      pause = firstPause;
      report(true);
    };
    source.onerror = () => {
      report(false);
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      api.clock().catch(() => {}); // asks for the password if that is why
      setTimeout(open, pause);
      pause = Math.min(2 * pause, longestPause);
    };
    for (const name of names) {
      source.addEventListener(name, (event) => receive(name, JSON.parse(event.data || "{}"), event.lastEventId));
    }
  };
  open();
}
