import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/bytes/bytes.ts';
import { sha256 } from '../../src/crypto/noble/hash.ts';
import { MainSecrets, startSchedule } from '../../src/keys/schedule13.ts';

/** The trace of RFC 8448: the end of the handshake in section 3, and its resumption in section 4. */

describe('RFC 8448', () => {
  it('section 3: from the main secret to the PSK of the ticket', () => {
    const main = new MainSecrets(
      sha256,
      fromHex('18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919'),
      fromHex('9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13'),
    );
    expect(toHex(main.clientTraffic)).toBe('9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5');
    expect(toHex(main.serverTraffic)).toBe('a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643');
    expect(toHex(main.exporterSecret)).toBe('fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50');
    main.deriveResumption(fromHex('209145a96ee8e2a122ff810047cc952684658d6049e86429426db87c54ad143d'));
    expect(toHex(main.ticketSecret(fromHex('0000')))).toBe(
      '4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3',
    );
  });

  it('section 4: the binder, and the secret of early data', () => {
    const psk = fromHex('4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3');
    const early = startSchedule(sha256, psk);
    const cut = fromHex('63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14');
    expect(toHex(early.binder('resumption', cut))).toBe(
      '3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d',
    );
    const hello = fromHex('08ad0fa05d7c7233b1775ba2ff9f4c5b8b59276b7f227f13a976245f5d960913');
    expect(toHex(early.clientEarlyTraffic(hello))).toBe(
      '3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62',
    );
  });
});
