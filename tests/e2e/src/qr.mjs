// A QR code as a person meets it: in a picture, and in front of the camera.
import { writeFileSync } from "node:fs";

const [WIDTH, HEIGHT] = [640, 480];

/** A picture of a QR code, given as SVG, somewhere on a page: PNG. */
export async function picture(browser, svg) {
  const page = await show(browser, svg, `body { margin: 0; background: #dcdcdc } img { width: 300px; margin: 90px 170px; }`);
  const png = await page.screenshot();
  await page.close();
  return png;
}

/** A film of a QR code, held a little askew in front of a camera, as Y4M. Chromium plays it again and again. */
export async function film(browser, svg, file) {
  const page = await show(browser, svg, `body { margin: 0; background: #777 } img { width: 340px; margin: 70px 150px; rotate: 4deg }`);
  const png = (await page.screenshot()).toString("base64");
  const grey = await page.evaluate(
    async ([source, width, height]) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${source}`)).blob());
      const context = new OffscreenCanvas(width, height).getContext("2d");
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      const bytes = new Uint8Array(width * height).map((_, at) => 0.299 * data[4 * at] + 0.587 * data[4 * at + 1] + 0.114 * data[4 * at + 2]);
      return Array.from({ length: height }, (_, row) => String.fromCharCode(...bytes.subarray(row * width, (row + 1) * width))).map(btoa);
    },
    [png, WIDTH, HEIGHT],
  );
  await page.close();
  const light = Buffer.concat(grey.map((row) => Buffer.from(row, "base64")));
  const noColour = Buffer.alloc(light.length / 2, 128);
  const frame = Buffer.concat([Buffer.from("FRAME\n"), light, noColour]);
  writeFileSync(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), frame, frame, frame]));
  return file;
}

async function show(browser, svg, style) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT } });
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
  await page.setContent(`<style>${style}</style><img src="${source}">`);
  await page.locator("img").evaluate((image) => image.decode());
  return page;
}
