/** The photo with the mask as its opacity, on a canvas of its own: what lies over the ground in every preview. */
import type { Mask, Rgba } from "../../workers/segmentation/mask.ts";
import type { Touched } from "../../workers/segmentation/shapes.ts";

export class CutLayer {
  readonly canvas: OffscreenCanvas;
  private readonly context: OffscreenCanvasRenderingContext2D;
  private readonly pixels: ImageData;
  private readonly opacity: Uint8ClampedArray | undefined;

  constructor({ width, height, data }: Rgba) {
    this.canvas = new OffscreenCanvas(width, height);
    this.context = this.canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
    this.pixels = new ImageData(new Uint8ClampedArray(data), width, height);
    const clear = data.some((value, at) => at % 4 === 3 && value < 255);
    this.opacity = clear
      ? Uint8ClampedArray.from({ length: width * height }, (_, at) => data[4 * at + 3] as number)
      : undefined;
  }

  /** @param region what of the mask has changed; all of it if left out */
  show(mask: Mask, region: Touched = { left: 0, top: 0, right: mask.width, bottom: mask.height }): void {
    const { left, top, right, bottom } = region;
    if (right <= left || bottom <= top) return;
    const { data } = this.pixels;
    for (let y = top; y < bottom; y++) {
      for (let at = y * mask.width + left; at < y * mask.width + right; at++) {
        const value = mask.data[at] as number;
        data[4 * at + 3] = this.opacity ? (value * (this.opacity[at] as number)) / 255 : value;
      }
    }
    this.context.putImageData(this.pixels, 0, 0, left, top, right - left, bottom - top);
  }
}
