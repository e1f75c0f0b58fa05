/**
 * From a coarse binary mask to a fine one whose edge follows the picture: the guided filter with a colour guide (He, Sun, Tang, PAMI
 * 2013), its coefficients computed on the reduced picture (He and Sun, "Fast Guided Filter", 2015) and applied to the full one.
 */
import { boxMean } from "./box-mean.ts";
import type { Box, Mask, Rgba } from "./mask.ts";

/** Half the window, in pixels of the reduced picture. */
const RADIUS = 3;
/** Regularisation, levels squared: lower follows weaker edges. */
const EPSILON = 40;
/** The filter's soft ramp is steepened around a half, so that what is clearly inside is opaque. */
const STEEPNESS = 2;

/**
 * @param image the full picture
 * @param window what of it `reduced` and `coarse` show
 * @param reduced [height, width, 3], levels 0 to 255
 * @param coarse [height, width], 1: subject
 * @returns a mask of the full picture; ground outside of the window
 */
export function guidedMatte(
  image: Rgba,
  window: Box,
  reduced: Float32Array,
  coarse: Uint8Array,
  width: number,
  height: number,
): Mask {
  const coefficients = linearModels(reduced, coarse, width, height);
  const near = edgeBand(coarse, width, height, RADIUS);
  const data = new Uint8ClampedArray(image.width * image.height);
  const scaleX = width / (window.right - window.left);
  const scaleY = height / (window.bottom - window.top);
  for (let y = window.top; y < window.bottom; y++) {
    const sy = Math.min(Math.max((y + 0.5 - window.top) * scaleY - 0.5, 0), height - 1);
    const y0 = Math.min(Math.floor(sy), Math.max(0, height - 2));
    const fy = sy - y0;
    for (let x = window.left; x < window.right; x++) {
      const sx = Math.min(Math.max((x + 0.5 - window.left) * scaleX - 0.5, 0), width - 1);
      const x0 = Math.min(Math.floor(sx), Math.max(0, width - 2));
      const fx = sx - x0;
      const nearest = Math.round(sy) * width + Math.round(sx);
      const at = y * image.width + x;
      if (!near[nearest]) {
        data[at] = coarse[nearest] ? 255 : 0;
        continue;
      }
      let value = 0;
      for (let corner = 0; corner < 4; corner++) {
        const cx = Math.min(x0 + (corner & 1), width - 1);
        const cy = Math.min(y0 + (corner >> 1), height - 1);
        const weight = (corner & 1 ? fx : 1 - fx) * (corner >> 1 ? fy : 1 - fy);
        const c = 4 * (cy * width + cx);
        value +=
          weight *
          ((coefficients[c] as number) * (image.data[4 * at] as number) +
            (coefficients[c + 1] as number) * (image.data[4 * at + 1] as number) +
            (coefficients[c + 2] as number) * (image.data[4 * at + 2] as number) +
            (coefficients[c + 3] as number));
      }
      data[at] = 255 * ((value - 0.5) * STEEPNESS + 0.5);
    }
  }
  return { width: image.width, height: image.height, data };
}

/** Per pixel a_r, a_g, a_b, b of the mask as a linear function of the colour, averaged over the windows that hold it. */
function linearModels(guide: Float32Array, mask: Uint8Array, width: number, height: number): Float32Array {
  const count = width * height;
  const planes = Array.from({ length: 13 }, () => new Float32Array(count));
  const [r, g, b, rr, rg, rb, gg, gb, bb, p, rp, gp, bp] = planes as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [guide[3 * i] as number, guide[3 * i + 1] as number, guide[3 * i + 2] as number];
    const m = mask[i] ? 1 : 0;
    r[i] = x;
    g[i] = y;
    b[i] = z;
    rr[i] = x * x;
    rg[i] = x * y;
    rb[i] = x * z;
    gg[i] = y * y;
    gb[i] = y * z;
    bb[i] = z * z;
    p[i] = m;
    rp[i] = x * m;
    gp[i] = y * m;
    bp[i] = z * m;
  }
  for (const plane of planes) boxMean(plane, width, height, RADIUS);
  const a = Array.from({ length: 4 }, () => new Float32Array(count));
  const [ar, ag, ab, offset] = a as [Float32Array, Float32Array, Float32Array, Float32Array];
  for (let i = 0; i < count; i++) {
    const at = (plane: Float32Array) => plane[i] as number;
    const [mr, mg, mb, mp] = [at(r), at(g), at(b), at(p)];
    const xx = at(rr) - mr * mr + EPSILON;
    const xy = at(rg) - mr * mg;
    const xz = at(rb) - mr * mb;
    const yy = at(gg) - mg * mg + EPSILON;
    const yz = at(gb) - mg * mb;
    const zz = at(bb) - mb * mb + EPSILON;
    const [cr, cg, cb] = [at(rp) - mr * mp, at(gp) - mg * mp, at(bp) - mb * mp];
    const i00 = yy * zz - yz * yz;
    const i01 = xz * yz - xy * zz;
    const i02 = xy * yz - xz * yy;
    const determinant = xx * i00 + xy * i01 + xz * i02;
    const kr = (i00 * cr + i01 * cg + i02 * cb) / determinant;
    const kg = (i01 * cr + (xx * zz - xz * xz) * cg + (xy * xz - xx * yz) * cb) / determinant;
    const kb = (i02 * cr + (xy * xz - xx * yz) * cg + (xx * yy - xy * xy) * cb) / determinant;
    ar[i] = kr;
    ag[i] = kg;
    ab[i] = kb;
    offset[i] = mp - kr * mr - kg * mg - kb * mb;
  }
  for (const plane of a) boxMean(plane, width, height, RADIUS);
  const out = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < 4; k++) out[4 * i + k] = (a[k] as Float32Array)[i] as number;
  }
  return out;
}

/** 1 within `radius` of the mask's edge. */
function edgeBand(mask: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const share = Float32Array.from(mask, (value) => (value ? 1 : 0));
  boxMean(share, width, height, radius);
  return Uint8Array.from(share, (value) => (value > 1e-6 && value < 1 - 1e-6 ? 1 : 0));
}
