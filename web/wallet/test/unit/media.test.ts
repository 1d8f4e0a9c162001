import { describe, expect, it } from "vitest";
import { fileName, pretends, sizeInWords, sniff, sniffable, typeOf } from "../../src/app/media";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const png = bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR");

describe("what a file is", () => {
  it.each([
    ["\x89PNG\r\n\x1a\n", "image/png", true], ["\xff\xd8\xff\xe0", "image/jpeg", true], ["GIF89a", "image/gif", true],
    ["RIFF\x10\0\0\0WEBPVP8 ", "image/webp", true], ["\0\0\0\x20ftypavif", "image/avif", true],
    ["\0\0\0\x20ftypheic", "image/heic", false], ["%PDF-1.7", "application/pdf", false], ["PK\x03\x04", "application/zip", false],
  ])("is told by its first bytes: %j", (start, type, picture) => {
    expect(sniff(bytes(start))).toMatchObject({ type, picture });
  });

  it.each(["<svg xmlns='http://www.w3.org/2000/svg'>", "<!doctype html>", "<?xml version='1.0'?><svg>", "", "\x89PN", "GIF", "RIFF1234WAVE"])(
    "is never a picture to show when it could act or is not known: %j",
    (start) => expect(sniff(bytes(start))?.picture ?? false).toBe(false),
  );

  it("is written down by its bytes, whatever was claimed", () => {
    expect(typeOf(png, "text/html")).toBe("image/png");
    expect(typeOf(bytes("hello"), "text/plain")).toBe("text/plain");
    const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    expect(typeOf(bytes("PK\x03\x04"), docx)).toBe(docx);
    expect(typeOf(bytes("PK\x03\x04"), "image/png")).toBe("application/zip");
  });

  it("is never tried as a picture by a type that could act", () => {
    for (const type of ["image/svg+xml", "text/html", "application/pdf", "image/heic", ""]) expect(sniffable(type)).toBe(false);
    expect(sniffable("image/png")).toBe(true);
  });

  it("is said when its name says otherwise", () => {
    expect(pretends("holiday.jpg", "application/pdf")).toBe(true);
    expect(pretends("holiday.JPEG", "image/jpeg")).toBe(false);
    expect(pretends("notes.txt", "application/pdf")).toBe(false);
    expect(pretends("holiday", "application/pdf")).toBe(false);
  });
});

describe("names and sizes", () => {
  it("makes a name that every system can save", () => {
    expect(fileName("../../etc/passwd")).toBe("_.._etc_passwd");
    expect(fileName("a\u202egpj.exe")).toBe("a_gpj.exe");
    expect(fileName("con<>:\"|?*.txt")).toBe("con_______.txt");
    expect(fileName("...")).toBe("document");
    expect(fileName("x".repeat(500))).toHaveLength(150);
  });

  it("says sizes in words", () => {
    expect(sizeInWords(1, "en")).toBe("1 byte");
    expect(sizeInWords(4_240_000, "nl")).toBe("4,2 MB");
    expect(sizeInWords(104_857_600, "en")).toBe("105 MB");
  });
});
