// One of each call, by the SDK named: node send.mjs segment|rudder URL KEY PREFIX
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [sdk, url, key, prefix] = process.argv.slice(2);

const person = { userId: `${prefix}-user` };
const inGroup = { ...person, context: { groupId: `${prefix}-group` } };

function sendAll(client) {
  client.identify({ ...person, traits: { email: "node@example.com" } });
  client.group({ ...person, groupId: `${prefix}-group`, traits: { name: "ノード商事" } });
  for (let n = 0; n < 60; n += 1) {
    client.track({ ...inGroup, event: "Report Opened", properties: { n, title: "四半期" } });
  }
  client.page({ ...inGroup, name: "Home" });
  client.screen({ ...inGroup, name: "Main" });
  client.alias({ userId: `${prefix}-user`, previousId: `${prefix}-old` });
}

if (sdk === "segment") {
  const { Analytics } = require("@segment/analytics-node");
  const client = new Analytics({ writeKey: key, host: url, flushAt: 20 });
  sendAll(client);
  await client.closeAndFlush();
} else {
  const Analytics = require("@rudderstack/rudder-sdk-node");
  const client = new Analytics(key, { dataPlaneUrl: url, flushAt: 20, logLevel: "error" });
  sendAll(client);
  await new Promise((done, fail) => client.flush((error) => (error ? fail(error) : done())));
  await new Promise((done) => setTimeout(done, 500));
  process.exit(0);
}
