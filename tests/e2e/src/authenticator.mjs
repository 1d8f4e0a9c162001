// Something with passkeys in it, plugged into a person's browser (WebAuthn domain of the DevTools protocol).

export class Authenticator {
  /** Credential ids that their keeper was told to forget. */
  forgotten = [];

  /** Plugs one in. Without `prf` it is one that answers no salts; without `results` it shows that only when it is used. */
  static async plugIn(person, { prf = true, transport = "internal", verifies = true } = {}) {
    const authenticator = new Authenticator();
    const { page } = person;
    authenticator.devtools = await page.context().newCDPSession(page);
    await authenticator.devtools.send("WebAuthn.enable", { enableUI: false });
    authenticator.devtools.on("WebAuthn.credentialDeleted", ({ credentialId }) => authenticator.forgotten.push(credentialId));
    const options = {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: prf,
      isUserVerified: verifies,
      automaticPresenceSimulation: true,
    };
    const { authenticatorId } = await authenticator.devtools.send("WebAuthn.addVirtualAuthenticator", { options });
    authenticator.id = authenticatorId;
    return authenticator;
  }

  /** What is in it. */
  async passkeys() {
    return (await this.devtools.send("WebAuthn.getCredentials", { authenticatorId: this.id })).credentials;
  }

  /** Whether the person, or somebody else, can use it: finger, face, PIN. */
  verifies(isUserVerified) {
    return this.devtools.send("WebAuthn.setUserVerified", { authenticatorId: this.id, isUserVerified });
  }

  /** Whether it is within reach. */
  within(enabled) {
    return this.devtools.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId: this.id, enabled });
  }

  /** Lost for good, with all its passkeys. */
  async lose() {
    await this.devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.id });
  }
}
