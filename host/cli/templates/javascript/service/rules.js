// What a note is. Pure: tested without a component.

/** How long a note may be, in characters. */
export const LENGTH_MAX = 1000;

/** Why a request is not answered as asked. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/** The text in the body of a request. */
export function readNote(body) {
  let note;
  try {
    note = JSON.parse(body);
  } catch (error) {
    throw new Refused(422, `send {"text": "…"}: ${error.message}`);
  }
  if (typeof note?.text !== 'string') {
    throw new Refused(422, 'send {"text": "…"}: text is missing');
  }
  const text = note.text.trim();
  const length = [...text].length;
  if (length < 1 || length > LENGTH_MAX) {
    throw new Refused(422, `text has ${length} characters: send 1 to ${LENGTH_MAX}`);
  }
  return text;
}
