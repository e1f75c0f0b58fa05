import { ViewLink } from "../masthead/masthead.tsx";
import { useTexts } from "../ui/texts.ts";
import { ProjectMenu } from "./project-menu.tsx";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";

/** What this room puts into the masthead. */
export function GalleryMastheadItems({ studio }: { studio: Studio }) {
  const t = useTexts(galleryTexts);
  return (
    <>
      <ViewLink view="gallery">{t.gallery}</ViewLink>
      <ProjectMenu studio={studio} />
    </>
  );
}
