/** CLIP's image preprocessing as Kosmos-G runs it (app_model.py, _build_image_transform): PIL and torchvision, to the bit. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { EntityImage } from "../protocol.ts";
import { type RgbImage, resizeBicubic } from "./resize-bicubic.ts";

/** OpenAI CLIP's, of red, green and blue in 0..1. */
const MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const STD = [0.26862954, 0.26130258, 0.27577711] as const;

/** Browsers' canvases end at 32,767 pixels a side; a photo that large would be 1 GB. */
const MAX_SIDE = 16_384;

/**
 * What becomes of transparency: "onWhite" composites the picture on white, as the entities of this application are meant;
 * "dropAlpha" keeps the colours under it, as PIL's convert("RGB") does.
 */
export type AlphaMode = "onWhite" | "dropAlpha";

/**
 * The shorter side to `size` (bicubic, antialiased), centre crop, then (level / 255 - mean) / std in float64.
 *
 * @param image RGBA, straight alpha, upright.
 * @returns [3, size, size] float32, CHW.
 * @throws EngineFault "bad-image" when the picture has no pixels, too many, or other than its size says.
 */
export function clipPreprocess(
  image: EntityImage,
  size: number,
  alpha: AlphaMode = "onWhite",
): Float32Array<ArrayBuffer> {
  const { data } = resizeAndCrop(image, size, alpha);
  const area = size * size;
  const pixels = new Float32Array(3 * area);
  for (const [channel, mean] of MEAN.entries()) {
    const std = STD[channel] as number;
    for (let i = 0; i < area; i++) {
      pixels[channel * area + i] = ((data[3 * i + channel] as number) / 255 - mean) / std;
    }
  }
  return pixels;
}

/**
 * torchvision's Resize(size, BICUBIC) and CenterCrop(size) on a PIL picture.
 *
 * @returns [size, size, 3], 8-bit.
 * @throws EngineFault "bad-image" as above.
 */
export function resizeAndCrop(image: EntityImage, size: number, alpha: AlphaMode): RgbImage {
  checkImage(image);
  const { width, height } = image;
  // torchvision cuts the longer side down to a whole number (functional.py, _compute_resized_output_size).
  const longer = Math.trunc((size * Math.max(width, height)) / Math.min(width, height));
  const [resizedWidth, resizedHeight] = width <= height ? [size, longer] : [longer, size];
  const window = {
    left: roundHalfToEven((resizedWidth - size) / 2),
    top: roundHalfToEven((resizedHeight - size) / 2),
    width: size,
    height: size,
  };
  return resizeBicubic({ width, height, data: toRgb(image, alpha) }, resizedWidth, resizedHeight, window);
}

function toRgb({ width, height, data }: EntityImage, alpha: AlphaMode): Uint8Array {
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0, j = 0; i < data.length; i += 4, j += 3) {
    const opacity = alpha === "onWhite" ? (data[i + 3] as number) : 255;
    for (let channel = 0; channel < 3; channel++) {
      const level = data[i + channel] as number;
      rgb[j + channel] = Math.round((level * opacity + 255 * (255 - opacity)) / 255);
    }
  }
  return rgb;
}

/** Python's round(). */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function checkImage({ width, height, data }: EntityImage): void {
  const sides = [width, height];
  if (!sides.every((side) => Number.isInteger(side) && side >= 1)) {
    throw new EngineFault(
      "bad-image",
      say("A picture of {width} x {height} has no pixels. Choose another one.", { width, height }),
    );
  }
  if (sides.some((side) => side > MAX_SIDE)) {
    throw new EngineFault(
      "bad-image",
      say("The picture is {width} x {height}; at most {most} pixels a side are read. Make it smaller.", {
        width,
        height,
        most: MAX_SIDE,
      }),
    );
  }
  if (data.length !== 4 * width * height) {
    throw new EngineFault(
      "bad-image",
      say("The picture is {width} x {height} but has {bytes} bytes instead of {expected}. Load it again.", {
        width,
        height,
        bytes: data.length,
        expected: 4 * width * height,
      }),
    );
  }
}
