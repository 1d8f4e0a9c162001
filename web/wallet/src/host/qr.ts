// Reads QR codes in this page, without any service. Loaded only when somebody scans.
import jsQR from "jsqr";

/** Pictures are scaled down to this; a code that cannot be read then is not meant for us. */
const longestSide = 1600;

/** The text of the QR code in a picture file, if there is one. Rejects when the file is no picture. */
export async function readCodeFromPicture(file: Blob): Promise<string | undefined> {
  const picture = await createImageBitmap(file);
  try {
    // Large photos of small codes and small screenshots need different sizes.
    for (const side of [longestSide, 800, 400]) {
      const text = readCode(picture, picture.width, picture.height, side);
      if (text) return text;
    }
    return undefined;
  } finally {
    picture.close();
  }
}

/** The text of the QR code in one frame, if there is one. */
export function readCode(source: CanvasImageSource, width: number, height: number, side = 800): string | undefined {
  const scale = Math.min(1, side / Math.max(width, height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return undefined;
  context.fillStyle = "white"; // transparent pictures read as black otherwise
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
  return jsQR(pixels.data, pixels.width, pixels.height)?.data || undefined;
}
