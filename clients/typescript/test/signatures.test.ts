/** Signatures: the published examples of Standard Webhooks and of AWS. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { signDownload, signUpload, verifyWebhook } from "../src/index.js";

// https://github.com/standard-webhooks/standard-webhooks: the example of its libraries
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODY = '{"test": 2432232314}';
const HEADERS = {
  "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
  "webhook-timestamp": "1614265330",
  "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const NOW = { now: 1614265330_000 };
const rejects = (headers: Record<string, string>, secret = SECRET, body = BODY, now = NOW) =>
  assert.rejects(verifyWebhook(body, headers, secret, now), { name: "WebhookError" });

test("the published example of Standard Webhooks is right", async () => {
  assert.deepEqual(await verifyWebhook(BODY, HEADERS, SECRET, NOW), { test: 2432232314 });
  assert.deepEqual(await verifyWebhook(BODY, new Headers(HEADERS), SECRET, NOW), { test: 2432232314 });
});

test("either secret will do while they are rotated, and either signature", async () => {
  const signature = `v1,${btoa("x".repeat(32))} v2,abc ${HEADERS["webhook-signature"]}`;
  const rotated = { ...HEADERS, "webhook-signature": signature };

  assert.deepEqual(await verifyWebhook(BODY, rotated, ["whsec_c2Vjb25k", SECRET], NOW), { test: 2432232314 });
});

test("another body, id, time, secret or version is refused", async () => {
  await rejects(HEADERS, SECRET, `${BODY} `);
  await rejects({ ...HEADERS, "webhook-id": "msg_other" });
  await rejects({ ...HEADERS, "webhook-timestamp": "1614265331" });
  await rejects(HEADERS, "whsec_c2Vjb25k");
  await rejects({ ...HEADERS, "webhook-signature": HEADERS["webhook-signature"].replace("v1", "v2") });
  await rejects({ ...HEADERS, "webhook-signature": "v1,%%%" });
  await rejects({ "webhook-id": "x" });
});

test("a delivery that is five minutes old, or from the future, is refused", async () => {
  await rejects(HEADERS, SECRET, BODY, { now: NOW.now + 301_000 });
  await rejects(HEADERS, SECRET, BODY, { now: NOW.now - 301_000 });
});

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
const AWS = {
  endpoint: "https://examplebucket.s3.amazonaws.com",
  bucket: "",
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

test("the published example of AWS has the same signature", async () => {
  const url = await signDownload(AWS, "test.txt", { expires: 86400 }, new Date("2013-05-24T00:00:00Z"));

  assert.match(url, /X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/);
});

test("an upload's key is new, below the folder, and keeps nothing of its name but the extension", async () => {
  const input = { name: "../../My Song.MP3", bytes: 10, contentType: "audio/mpeg" };
  const [first, second] = [await signUpload(AWS, input), await signUpload(AWS, input)];

  assert.match(first.storageKey, /^uploads\/[0-9a-f-]{36}\/upload\.mp3$/);
  assert.notEqual(first.storageKey, second.storageKey);
  assert.match(first.url, /X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost/);
});

test("an upload that is empty or too large is not signed", async () => {
  for (const bytes of [0, -1, 1.5, 100_000_001]) {
    await assert.rejects(signUpload(AWS, { name: "a.mp3", bytes, contentType: "audio/mpeg" }), RangeError);
  }
});
