/** Means over (2 radius + 1) squared windows, in place; windows end at the border. */
export function boxMean(plane: Float32Array, width: number, height: number, radius: number): void {
  const line = new Float64Array(Math.max(width, height) + 1);
  const along = (start: number, step: number, length: number) => {
    for (let i = 0; i < length; i++) line[i + 1] = (line[i] as number) + (plane[start + i * step] as number);
    for (let i = 0; i < length; i++) {
      const first = Math.max(0, i - radius);
      const end = Math.min(length, i + radius + 1);
      plane[start + i * step] = ((line[end] as number) - (line[first] as number)) / (end - first);
    }
  };
  for (let y = 0; y < height; y++) along(y * width, 1, width);
  for (let x = 0; x < width; x++) along(x, width, height);
}
