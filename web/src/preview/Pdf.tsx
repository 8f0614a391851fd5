import "pdfjs-dist/legacy/web/pdf_viewer.css";

import { getDocument, GlobalWorkerOptions, version } from "pdfjs-dist/legacy/build/pdf.mjs";
import worker from "pdfjs-dist/legacy/build/pdf.worker.min.mjs?worker&url";
// It takes what it needs from what the line above has made global: the order of the two matters.
import { EventBus, LinkTarget, PDFLinkService, PDFViewer } from "pdfjs-dist/legacy/web/pdf_viewer.mjs";
import { useEffect, useRef, useState } from "react";

import { baseName } from "../files/path.ts";
import { laterTexts } from "../texts/later.ts";
import { Problem } from "../ui/Problem.tsx";
import { Scroller } from "../ui/Scroller.tsx";
import classes from "./Pdf.module.css";

GlobalWorkerOptions.workerSrc = worker;

/** Character maps and fonts that documents may count on (build/pdf.ts puts them there). */
const parts = (folder: string) => `${import.meta.env.BASE_URL}assets/pdfjs-${version}/${folder}/`;

/** The pages of a PDF: drawn when they come into view, with their text to select and to be read aloud. No script of it runs. */
export function Pdf({ path, bytes }: { path: string; bytes: Uint8Array<ArrayBuffer> }) {
  const host = useRef<HTMLDivElement>(null);
  const [broken, setBroken] = useState<Uint8Array | null>(null);
  useEffect(() => {
    const container = host.current;
    if (container === null) return undefined;
    const eventBus = new EventBus();
    const linkService = new PDFLinkService({ eventBus, externalLinkTarget: LinkTarget.BLANK });
    const viewer = new PDFViewer({ container, eventBus, linkService, annotationMode: 1 });
    linkService.setViewer(viewer);
    eventBus.on("pagesinit", () => {
      viewer.currentScaleValue = "page-width";
    });
    const loading = getDocument({
      // The worker takes what it is given, and it may be needed again.
      data: bytes.slice(),
      cMapUrl: parts("cmaps"),
      standardFontDataUrl: parts("standard_fonts"),
      wasmUrl: parts("wasm"),
      // The content security policy allows no code that is made at run time.
      useWasm: false,
      isEvalSupported: false,
      enableXfa: false,
    });
    loading.promise.then(
      (pages) => {
        viewer.setDocument(pages);
        linkService.setDocument(pages, null);
      },
      () => setBroken(bytes),
    );
    const fit = new ResizeObserver(() => {
      if (viewer.pagesCount > 0) viewer.currentScaleValue = "page-width";
    });
    fit.observe(container);
    return () => {
      fit.disconnect();
      viewer.cleanup();
      void loading.destroy();
      container.replaceChildren(Object.assign(document.createElement("div"), { className: "pdfViewer" }));
    };
  }, [bytes]);
  return (
    <div className={classes.room}>
      {broken === bytes && <Problem title={laterTexts.preview.failed} words={laterTexts.preview.noPdf} />}
      <Scroller ref={host} className={classes.pages} label={laterTexts.preview.pdfOf(baseName(path))}>
        <div className="pdfViewer" />
      </Scroller>
    </div>
  );
}
