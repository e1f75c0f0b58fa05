/** Files to and from the visitor's disk. */

/** Hands a file to the browser's downloads. */
export function saveFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download reads the URL some time later.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Asks for a file, in a click. */
export function pickFile(accept: string, take: (file: File) => unknown): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) take(file);
  });
  input.click();
}
