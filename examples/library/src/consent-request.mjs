// What the library asks for, and everything it must say when it asks.

const PID = "urn:eudi:pid:1";
const RESIDENCE = "urn:assent:residence:1";

/** Days that the library keeps what it got. */
export const RETENTION_DAYS = 30;

/** What the optional e-mail address is for, as receipts and withdrawals name it: the first that is optional. */
export const REMINDERS = "optional-1";

/** The body of `POST /v1/presentations`. */
export function consentRequest(config, language) {
  return {
    purpose: {
      en: "Check that you may borrow films for 16 and over",
      nl: "Nagaan of je films vanaf 16 jaar mag lenen",
    },
    purpose_type: "dpv:ServiceProvision",
    legal_basis: "eu-gdpr:A6-1-a",
    required: [
      { vct: RESIDENCE, path: ["age_equal_or_over", "16"] },
      { vct: PID, path: ["address", "locality"] },
    ],
    optional: [
      {
        vct: RESIDENCE,
        path: ["email"],
        purpose: { en: "Send you a reminder before a film is due", nl: "Je een herinnering sturen voor je een film terugbrengt" },
      },
    ],
    retention: `P${RETENTION_DAYS}D`,
    recipients: [],
    storage_locations: ["NL"],
    jurisdiction: "NL",
    controller: {
      name: "City library of Voorbeeld",
      contact: "privacy@library.example",
      address: "Marktplein 1, Voorbeeld",
    },
    privacy_policy: `${config.origin}/privacy`,
    rights_contact: "privacy@library.example",
    authority: { name: "Autoriteit Persoonsgegevens", url: "https://autoriteitpersoonsgegevens.nl/" },
    language,
  };
}

/** The three facts the library needs, out of verified credentials; everything else is dropped here. */
export function factsFrom(credentials) {
  const facts = {};
  for (const { vct, claims } of credentials) {
    if (vct === RESIDENCE) {
      if (typeof claims?.age_equal_or_over?.["16"] === "boolean") facts.over16 = claims.age_equal_or_over["16"];
      if (typeof claims?.email === "string") facts.email = claims.email;
    }
    if (vct === PID && typeof claims?.address?.locality === "string") facts.city = claims.address.locality;
  }
  return facts;
}
