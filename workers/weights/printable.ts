/** A name of a stranger's file as part of a message: short, and without characters that would turn or hide the text around it. */
export function printable(name: string): string {
  const text = JSON.stringify(name.slice(0, 200)).slice(1, -1).replace(/\p{C}/gu, "?");
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
