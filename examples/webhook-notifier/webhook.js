// What is posted, and what an answer means. Pure: no bindings.

/** The body of the request, as JSON text; README.md documents its shape. */
export function body(notification) {
  const { id, kind, title, text, writtenAt, recipient, reference } = notification;
  return JSON.stringify({
    id,
    kind,
    title,
    text,
    written_at: writtenAt,
    recipient: { user_id: recipient.userId, full_name: recipient.fullName, email: recipient.email },
    reference: reference ? { kind: reference[0], id: reference[1] } : null,
  });
}

/** What the status of an answer means: nothing for a delivery, or the refusal. */
export function refusal(status) {
  if (status >= 200 && status < 300) {
    return undefined;
  }
  const passes = status === 408 || status === 429 || status < 400 || status >= 500;
  return { tag: passes ? 'later' : 'never', val: `the webhook answered ${status}` };
}

/** `sha256=` and the HMAC-SHA256 of `text` under `secret`, in lower-case hexadecimal digits. */
export async function signature(secret, text) {
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign']);
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)));
  return `sha256=${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
