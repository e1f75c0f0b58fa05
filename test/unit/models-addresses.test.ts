import { expect, test } from "vitest";
import { addressesIn, fileAddress, nameFromAddresses } from "../../src/models/addresses.ts";

const HF = "https://huggingface.co/microsoft/kosmos-2";

test("a line each, empty ones left out, none twice", () => {
  const text = ` https://example.org/a.safetensors \r\n\n\thttp://example.org/b.pt?key=1\nhttps://example.org/a.safetensors\n`;
  expect(addressesIn(text)).toEqual({
    urls: ["https://example.org/a.safetensors", "http://example.org/b.pt?key=1"],
    wrong: undefined,
  });
  expect(addressesIn(" \n\n")).toEqual({ urls: [], wrong: undefined });
});

test.each([
  "unet.safetensors",
  "ftp://example.org/a",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://",
  "//a/b",
])("the first line that is no address is named: %s", (wrong) => {
  expect(addressesIn(`https://example.org/a.pt\n ${wrong}\nneither`).wrong).toBe(wrong);
});

test.each([
  [`${HF}/blob/main/model-00001-of-00002.safetensors`, `${HF}/resolve/main/model-00001-of-00002.safetensors`],
  [`${HF}/blob/refs%2Fpr%2F1/unet/a.bin?download=true`, `${HF}/resolve/refs%2Fpr%2F1/unet/a.bin?download=true`],
  // A folder of that name, and what is no page.
  [`${HF}/blob/main/blob/a.bin`, `${HF}/resolve/main/blob/a.bin`],
  [`${HF}/resolve/main/blob/a.bin`, `${HF}/resolve/main/blob/a.bin`],
  ["https://github.com/a/b/blob/main/a.bin", "https://github.com/a/b/blob/main/a.bin"],
  ["https://huggingface.co.example.org/a/b/blob/main/a.bin", "https://huggingface.co.example.org/a/b/blob/main/a.bin"],
])("%s leads to the file", (address, file) => {
  expect(fileAddress(new URL(address)).href).toBe(file);
  expect(addressesIn(address).urls).toEqual([file]);
});

test.each([
  ["kosmosg-1.0", ["https://example.org/models/kosmosg-1.0.pt"]],
  ["50%", ["https://example.org/50%.safetensors"]],
  ["example.org", ["https://example.org/"]],
  // The first file of weights; parts are of one.
  ["model", ["https://a.org/index.json", "https://b.org/model-00001-of-00002.safetensors"]],
  ["unet", ["https://example.org/x/unet.pt", "https://example.org/x/vae.pt"]],
  // Folders tell them apart: that of all.
  ["my model", ["https://a.org/my%20model/unet/model.bin", "https://a.org/my%20model/vae/model.bin"]],
  ["kosmos-2", [`${HF}/resolve/main/model.safetensors`, "https://example.org/aligner.pt"]],
  ["model", [`${HF}/resolve/main/model.safetensors`]],
])("a model is called %s", (name, addresses) => expect(nameFromAddresses(addresses)).toBe(name));
