/** A picture that sentences can name. */
export interface Entity {
  readonly id: string;
  readonly label: string;
  /** PNG, JPEG or WebP that every part of the app can decode; 1024 px at most. */
  readonly picture: Blob;
  readonly addedAt: number;
}
