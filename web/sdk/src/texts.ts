/** Everything the element says. A service can replace the words on the first button only: the rest is ours to keep plain. */

const en = {
  ask: "Share details with your wallet",
  chooseTitle: "Where is your wallet?",
  chooseText: "You will see what we ask before you share anything.",
  same: "On this device",
  other: "On another device",
  cancel: "Cancel",
  startTitle: "One moment",
  startText: "We are preparing the request.",
  sameTitle: "Opening your wallet",
  sameText: "Nothing happened? Use this link.",
  open: "Open my wallet",
  otherTitle: "Scan this with your wallet",
  otherText: "Your wallet shows who asks, and for what. Check that it names this site.",
  qr: "QR code to open in your wallet",
  copy: "Copy the link instead",
  copied: "Link copied.",
  progressTitle: "Continue in your wallet",
  progressText: "Your wallet has the request. Decide there.",
  confirmTitle: "Type the code from your other device",
  confirmText: "Your wallet leads you to a page with a code. It shows us that you are the one who shared.",
  confirmLabel: "Code",
  confirmWrong: "That is not the code. Look again at your other device.",
  confirm: "Go on",
  receivedTitle: "Received",
  receivedText: "Thank you. We got what you shared.",
  declinedTitle: "Not shared",
  declinedText: "You did not share anything. That is fine.",
  expiredTitle: "This request has ended",
  expiredText: "Nothing was shared. You can start again.",
  errorTitle: "That did not work",
  errorText: "As far as we know we received nothing. You can try again.",
  again: "Start again",
};

/** The words in one language. */
export type Texts = typeof en;

const nl: Texts = {
  ask: "Gegevens delen met je wallet",
  chooseTitle: "Waar is je wallet?",
  chooseText: "Je ziet eerst wat we vragen. Daarna kies je zelf.",
  same: "Op dit apparaat",
  other: "Op een ander apparaat",
  cancel: "Annuleren",
  startTitle: "Een ogenblik",
  startText: "We maken het verzoek klaar.",
  sameTitle: "Je wallet wordt geopend",
  sameText: "Gebeurt er niets? Gebruik deze link.",
  open: "Open mijn wallet",
  otherTitle: "Scan deze code met je wallet",
  otherText: "Je wallet laat zien wie wat vraagt. Kijk of daar deze site staat.",
  qr: "QR-code om in je wallet te openen",
  copy: "Kopieer liever de link",
  copied: "Link gekopieerd.",
  progressTitle: "Ga verder in je wallet",
  progressText: "Je wallet heeft het verzoek. Daar kies je.",
  confirmTitle: "Typ de code van je andere apparaat",
  confirmText: "Je wallet brengt je naar een pagina met een code. Zo weten we dat jij het bent die deelde.",
  confirmLabel: "Code",
  confirmWrong: "Dat is niet de code. Kijk nog eens op je andere apparaat.",
  confirm: "Verder",
  receivedTitle: "Ontvangen",
  receivedText: "Dank je. We hebben wat je deelde.",
  declinedTitle: "Niet gedeeld",
  declinedText: "Je hebt niets gedeeld. Dat is prima.",
  expiredTitle: "Dit verzoek is afgelopen",
  expiredText: "Er is niets gedeeld. Je kunt opnieuw beginnen.",
  errorTitle: "Dat lukte niet",
  errorText: "Voor zover we weten hebben we niets ontvangen. Je kunt het opnieuw proberen.",
  again: "Opnieuw beginnen",
};

/** The words for a language tag such as `nl-BE`; English when we do not have it. */
export function texts(language: string): Texts {
  return language.toLowerCase().split("-")[0] === "nl" ? nl : en;
}
