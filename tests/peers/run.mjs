// Independent implementations against the real programs. Run by `cargo xtask test --only peers`, or here with
// `npm test`; ASSENT_CLI, ASSENT_SERVER, ASSENT_W3C and PEERS_PYTHON say where the programs are.

import './test/dcql.test.mjs'
import './test/schemas.test.mjs'
import './test/sd-jwt.test.mjs'
import './test/receive.test.mjs'
import './test/present.test.mjs'
import './test/verify.test.mjs'
import './test/issue.test.mjs'
import './test/openapi.test.mjs'
import './test/openvc-issuer.test.mjs'
import './test/openvc-verifier.test.mjs'
import './test/openvc-wallet.test.mjs'
import './test/journey.test.mjs'
import './test/w3c.test.mjs'
import './test/sign-in.test.mjs'
import './test/passkey.test.mjs'
import './test/transfer.test.mjs'
