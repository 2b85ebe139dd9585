// What is written. Pure: tested without a component.

/** One line, whatever is in the texts. */
export function line(fullName, title, text) {
  return `to ${fullName}: ${title}. ${text}`.split(/\s+/).join(' ');
}
